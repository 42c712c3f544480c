"""`schemagate audit`: walk the chain of the evidence in a checkout, offline; show the keys that sign it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from workers.console.output import Parser, tell, write
from workers.core.audit import AuditResult, SignatureCheck, verify
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.local.keys import SigningKeys, read_signing_keys, verifies
from workers.settings import data_dir

LARGEST = 64 * 1024 * 1024
_EVIDENCE = "modules/*/workdocs/*/*/db"
_NOT_LOOKED_AT = frozenset({".git", "node_modules", ".venv"})


def options(name: str, parser: Parser) -> None:
    """What its two parts take and do."""
    del name
    parts = parser.add_subparsers(required=True, metavar="PART", title="parts")
    walk = parts.add_parser(
        "verify",
        help="walk the chain of the workdocs below a folder",
        description="Walk the chain of the workdocs below a folder. Exit 0: whole. 2: nothing altered, but rollouts that the chain names "
        "are not here. 1: altered, or a signature is bad or unchecked.",
    )
    walk.add_argument("folder", type=Path, metavar="DIR", help="a checkout")
    walk.add_argument(
        "--public-key", type=Path, metavar="FILE", help="what `audit public-key` printed; else our own key's"
    )
    walk.set_defaults(run=_verify)
    show = parts.add_parser("public-key", help="print the public half of each signing key, as `id base64`")
    show.set_defaults(run=_public_key)


def evidence(folder: Path) -> dict[str, str]:
    """Every file of every rollout below a folder, by its path from there; symbolic links are not followed.

    Raises ExpectedError where one cannot be read as text.
    """
    if not folder.is_dir():
        raise ExpectedError(f"{folder} is no folder", "name a checkout", RefusalCode.NOT_CONFIGURED)
    found = {}
    for base, names, _ in os.walk(folder):
        names[:] = sorted(name for name in names if name not in _NOT_LOOKED_AT)
        for place in sorted(Path(base).glob(_EVIDENCE)) if "modules" in names else ():
            for file in sorted(place.rglob("*")):
                if file.is_file() and not file.is_symlink():
                    found[file.relative_to(folder).as_posix()] = _text(file)
    return found


def _verify(found: argparse.Namespace) -> int:
    files = evidence(found.folder)
    if not files:
        raise ExpectedError(
            f"{found.folder} has no workdocs", "name a checkout whose modules/ holds them", RefusalCode.NOT_CONFIGURED
        )
    result = verify(files, _check(found.public_key))
    write(_sheet(result), None)
    return result.exit_code


def _sheet(result: AuditResult) -> str:
    lines = [f"✗ {item.path}: {item.why}" for item in result.altered]
    lines += [f"✗ {path}: its signature was not checked" for path in result.unsigned]
    lines += [
        f"? {item.target}: the rollout before number {item.before} is not here (section {item.section[:12]})"
        for item in result.missing
    ]
    lines += [
        f"{'✓' if result.exit_code == 0 else '·'} {target}: number{'s' if len(numbers) > 1 else ''} "
        f"{', '.join(str(number) for number in numbers)}"
        for target, numbers in result.chains
    ]
    words = {
        0: "whole",
        1: "NOT as it was written",
        2: "nothing altered; what is not here is in an open pull, elsewhere, or removed",
    }
    if result.unsigned and not result.altered:
        words[1] = "nothing altered, and not proven: give --public-key FILE (see `schemagate audit public-key`)"
    return "\n".join([*lines, words[result.exit_code]]) + "\n"


def _public_key(found: argparse.Namespace) -> int:
    del found
    keys = _own_keys()
    if keys is None:
        advice = "set SCHEMAGATE_SIGNING_KEY to file:PATH, or SCHEMAGATE_DATA_DIR to the service's folder"
        raise ExpectedError("no signing key is here", advice, RefusalCode.NOT_CONFIGURED)
    write("".join(f"{name} {public}\n" for name, public in keys.public()), None)
    return 0


def _check(path: Path | None) -> SignatureCheck | None:
    """How signatures are checked: by the keys of a file, else by our own; None without any."""
    if path is None:
        own = _own_keys()
        if own is None:
            tell("signatures are not checked: no --public-key, and SCHEMAGATE_SIGNING_KEY is not set")
            return None
        return _by(dict(own.public()))
    lines = (line.split("#", 1)[0].split() for line in _text(path).splitlines())
    pairs = [words for words in lines if words]
    if not pairs or any(len(words) != 2 for words in pairs):
        advice = "give what `schemagate audit public-key` printed"
        raise ExpectedError(f"{path} holds no public keys", advice, RefusalCode.CONFIG_INVALID)
    return _by(dict(pairs))


def _by(publics: dict[str, str]) -> SignatureCheck:
    return lambda key, content, signature: key in publics and verifies(publics[key], content, signature)


def _own_keys() -> SigningKeys | None:
    """The keys of SCHEMAGATE_SIGNING_KEY, else those that `schemagate up` made."""
    value = os.environ.get("SCHEMAGATE_SIGNING_KEY", "")
    path = Path(value.removeprefix("file:")) if value else data_dir(os.environ) / "signing.key"
    if not value and not path.exists():
        return None
    try:
        return read_signing_keys(_text(path))
    except ValueError:
        advice = "set SCHEMAGATE_SIGNING_KEY to file:PATH of a key file"
        raise ExpectedError("the signing key cannot be used", advice, RefusalCode.CONFIG_INVALID) from None


def _text(path: Path) -> str:
    """A file's text, byte for byte: line ends stay what they are."""
    try:
        if path.stat().st_size > LARGEST:
            raise ExpectedError(f"{path} is too large", "look at it: no evidence of ours is", RefusalCode.TOO_LARGE)
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise ExpectedError(message, "give this user the right to read it", RefusalCode.NOT_CONFIGURED) from error
    except UnicodeDecodeError:
        return path.read_bytes().decode("utf-8", errors="backslashreplace")
