"""How git is run: an argument list, an environment of our own, no configuration but ours, a time limit and a size limit."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workers.core.errors import ExpectedError
from workers.core.names import OBJECT_ID
from workers.core.redact import redact
from workers.core.refusals import RefusalCode

_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_MIB = 1024 * 1024
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_ATTR_SOURCE": _EMPTY_TREE,  # git 2.43 would read attributes from a bare repository's HEAD
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LFS_SKIP_SMUDGE": "1",
}
_CONFIG = (
    ("core.hooksPath", os.devnull),
    ("protocol.allow", "never"),
    ("protocol.http.allow", "always"),
    ("protocol.https.allow", "always"),
    ("http.followRedirects", "false"),
    ("credential.helper", ""),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
)


# Of the operator's variables git gets those that say how the network is reached, and no other.
_NETWORK = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy", "git_ssl_cainfo", "git_ssl_capath"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds and bytes that one run of git may take: `bytes` of output, and of each file that it writes."""

    seconds: float = 120
    bytes: int = 256 * _MIB


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished run."""

    code: int
    out: bytes


@dataclass(frozen=True, slots=True)
class Git:
    """git on one bare repository. `environment` adds to the child's (a proxy, a file of certificates)."""

    directory: Path
    environment: tuple[tuple[str, str], ...] = ()

    def run(
        self,
        *arguments: str,
        ok: tuple[int, ...] = (0,),
        stdin: bytes = b"",
        limits: Limits | None = None,
        header: Header | None = None,
    ) -> Ran:
        """Run one command. Raises ExpectedError(checkout_failed, too_large) where it ends in a way that is not in `ok`."""
        limits = limits or Limits()
        settings = [item for key, value in _CONFIG for item in ("-c", f"{key}={value}")]
        argv = ["git", f"--git-dir={self.directory.absolute()}", *settings, *arguments]
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
            source.write(stdin)
            source.seek(0)
            code = _run(
                argv,
                {**_ENVIRONMENT, **dict(self.environment), **(header.environment() if header else {})},
                (source, out, error),
                limits,
            )
            if code not in ok:
                raise _failure(arguments[0], code, _said(error), header)
            out.seek(0)
            return Ran(code, out.read())


@dataclass(frozen=True, slots=True)
class Header:
    """The authorization of one server. It stands in the child's environment alone: not in a URL, a file or an argument."""

    server: str
    token: str

    def environment(self) -> dict[str, str]:
        """Git reads configuration from these variables."""
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self.server.rstrip('/')}/.extraheader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {self.encoded}",
        }

    @property
    def encoded(self) -> str:
        """The token as Basic authorization."""
        return b64encode(f"x-access-token:{self.token}".encode()).decode()


def network_variables(variables: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Choose what git needs to pass a proxy or to trust the operator's own certificates."""
    chosen = {name: value for name, value in variables.items() if name.lower() in _NETWORK}
    if "SSL_CERT_FILE" in variables:
        chosen.setdefault("GIT_SSL_CAINFO", variables["SSL_CERT_FILE"])
    return tuple(sorted(chosen.items()))


def checked(commit: str) -> str:
    """Return an object id that is safe as an argument. Raises ExpectedError(checkout_failed) for anything else."""
    if OBJECT_ID.fullmatch(commit) is None:
        message = "a commit is named by something that is no full object id"
        raise ExpectedError(message, "push again, or comment `/plan`", RefusalCode.CHECKOUT_FAILED)
    return commit


def _run(
    argv: list[str], environment: dict[str, str], streams: tuple[IO[bytes], IO[bytes], IO[bytes]], limits: Limits
) -> int:
    source, out, error = streams
    child = subprocess.Popen(
        argv, stdin=source, stdout=out, stderr=error, env=environment, cwd="/", start_new_session=True
    )
    try:
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (limits.bytes, limits.bytes))
        return child.wait(timeout=limits.seconds)
    except ProcessLookupError:
        return child.wait()
    except subprocess.TimeoutExpired:
        raise ExpectedError(
            f"git {_verb(argv)} did not end within {limits.seconds:.0f} s",
            "comment `/plan` to try again",
            RefusalCode.CHECKOUT_FAILED,
        ) from None
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _verb(argv: list[str]) -> str:
    return argv[2 + 2 * len(_CONFIG)]


def _said(error: IO[bytes]) -> str:
    error.seek(0)
    return error.read(64 * 1024).decode(errors="replace").strip()


def _failure(verb: str, code: int, text: str, header: Header | None) -> ExpectedError:
    said = redact(text.rpartition("\n")[2], (header.token, header.encoded) if header else ())[:300]
    if code == -signal.SIGXFSZ or f"signal {signal.SIGXFSZ:d}" in text:
        return ExpectedError(
            "the repository is larger than a checkout may be",
            "raise the limit, or split the repository",
            RefusalCode.TOO_LARGE,
        )
    if (
        "Authentication failed" in text
        or "could not read Username" in text
        or "returned error: 40" in text
        or "not found" in text
    ):
        advice = "check that the App is installed on this repository and may read its contents"
    elif "not our ref" in text or "couldn't find remote ref" in text:
        advice = "the commit is gone from GitHub; push again, or comment `/plan`"
    else:
        advice = "comment `/plan` to try again"
    return ExpectedError(f"git {verb} failed ({code}): {said}", advice, RefusalCode.CHECKOUT_FAILED)
