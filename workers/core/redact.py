"""What a secret looks like in a text, and how it is taken out before anybody reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote

MASK = "***"
_SHORTEST_KNOWN = 4  # a shorter value would take single letters out of every text and so give itself away

# One of the named groups of each pattern holds the secret. Wide matches are wanted; lengths are bounded so that no text costs much time.
_URL_PASSWORD = re.compile(r"""://[^\s:/@"'`<>]*:(?P<secret>[^\s"'`<>]{1,1024})@""")
_PATTERNS = (
    re.compile(
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?P<secret>.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL
    ),
    _URL_PASSWORD,
    re.compile(r"\b(?P<secret>(?:gh[oprsu]|github_pat)_[A-Za-z0-9._-]+)"),
    re.compile(r"\b(?P<secret>eyJ[\w-]{8,2048}\.eyJ[\w-]{4,2048}\.[\w-]*)"),
    re.compile(r"(?i)\bauthorization[\"']?\s*[:=]\s*[\"']?(?:basic|bearer|token)\s+(?P<secret>[\w+/=.~-]+)"),
    re.compile(
        r"""(?i)(?:password|passwd|pgpass|mysql_pwd)["']?\s*=\s*(?:'(?P<single>[^'\n]+)'|"(?P<double>[^"\n]+)"|(?P<secret>[^\s&;,"'`)<>]+))"""
    ),
    re.compile(r"""(?i)["']\w*(?:password|passwd|secret)["']\s*:\s*(?:'(?P<single>[^'\n]+)'|"(?P<secret>[^"\n]+)")"""),
    re.compile(r"(?i)\b(?:password|identified\s+by)\s+'(?P<secret>[^'\n]+)'"),
)
# What people write where a secret would stand: a name, an expression, a mask, or a port that only looks like a password.
_PLACEHOLDER = re.compile(
    r"\s*(?:\*+|x+|[.…]+|\$.*|%.*|\{.*|\[.*|<.*|env:.*|file:.*|(?:gh[oprsu]|github_pat)_(?:x+|\*+|\.+)"
    r"|[\w.]*environ.*|[\w.]+\(.*|none|null|true|false|password|passwd|pass|pwd|secret|\d{1,5}[/?#].*)\s*",
    re.IGNORECASE | re.DOTALL,
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` with everything masked that is one of `secrets` (as it is, URL-encoded, or as JSON) or looks like a secret."""
    for form in sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True):
        text = text.replace(form, MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(_masked, text)
    return text


def holds_secret(text: str) -> bool:
    """Whether somebody pasted what looks like a real secret; placeholders, variables and masks are none."""
    return any(
        not _PLACEHOLDER.fullmatch(secret)
        for pattern in _PATTERNS
        for match in pattern.finditer(text)
        for secret in _found(match)
    )


def _forms(secret: str) -> set[str]:
    """The spellings of a known secret; of a URL with a password the password alone, so that the rest stays readable."""
    url = _URL_PASSWORD.search(secret)
    plain = {url["secret"], unquote(url["secret"])} if url else {secret, secret.strip()}
    encoders = (str, quote, quote_plus, _quote_all, _as_json)
    return {form for value in plain for encode in encoders if len(form := encode(value)) >= _SHORTEST_KNOWN}


def _quote_all(value: str) -> str:
    return quote(value, safe="")


def _as_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _masked(match: re.Match[str]) -> str:
    """The match with its secret groups masked."""
    text, start = match[0], match.start()
    for name in match.re.groupindex:
        if match[name] is not None:
            text = text[: match.start(name) - start] + MASK + text[match.end(name) - start :]
    return text


def _found(match: re.Match[str]) -> list[str]:
    return [match[name] for name in match.re.groupindex if match[name] is not None]
