"""Fetches the distribution's bubblewrap package and unpacks it below `.cache/bubblewrap/`, without root.

The service downloads nothing at run time; this is for a checkout on a machine that has no bubblewrap.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "bubblewrap"
_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
}
# A proxy of the machine's own is needed to reach anything at all; nothing else is passed on.
_PASSED_ON = ("http_proxy", "https_proxy", "no_proxy")


def main() -> int:
    present = shutil.which("bwrap") or _unpacked()
    if present:
        print(f"bubblewrap is here: {present}")
        return 0
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        print(
            "bubblewrap is missing, and this machine has no apt. Install the package `bubblewrap` (0.8 or newer).",
            file=sys.stderr,
        )
        return 1
    try:
        package = _download()
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(str(error.stderr or error).strip()[-2000:], file=sys.stderr)
        print("bubblewrap could not be fetched. Install the package `bubblewrap` by hand.", file=sys.stderr)
        return 1
    return _unpack(package)


def _download() -> Path:
    """The package file, fetched with lists and caches of our own so that no root is needed."""
    shutil.rmtree(CACHE, ignore_errors=True)
    archives = CACHE / "archives"
    for folder in (CACHE / "lists" / "partial", archives / "partial"):
        folder.mkdir(parents=True)
    if not _fetched(archives, lists=None):
        print("The machine's package lists are absent or old; reading fresh ones into .cache/bubblewrap/lists.")
        _apt(archives, CACHE / "lists", "update")
        _apt(archives, CACHE / "lists", "download", "bubblewrap")
    return next(archives.glob("bubblewrap_*.deb"))


def _fetched(archives: Path, lists: Path | None) -> bool:
    try:
        _apt(archives, lists, "download", "bubblewrap")
    except subprocess.CalledProcessError:
        return False
    return any(archives.glob("bubblewrap_*.deb"))


def _apt(archives: Path, lists: Path | None, *command: str) -> None:
    options = [
        f"Dir::Cache={CACHE}",
        f"Dir::Cache::archives={archives}",
        "Debug::NoLocking=1",
        "APT::Sandbox::User=",  # the files are ours, not the _apt user's; apt checks signatures all the same
        "Acquire::Retries=2",
        "Acquire::http::Timeout=20",
    ]
    if lists is not None:
        options.append(f"Dir::State::lists={lists}")
    given = [word for option in options for word in ("-o", option)]
    environment = _ENVIRONMENT | {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    subprocess.run(
        ["apt-get", "-q", *given, *command],
        cwd=archives,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=170,
    )


def _unpack(package: Path) -> int:
    subprocess.run(["dpkg-deb", "-x", str(package), str(CACHE)], env=_ENVIRONMENT, check=True, timeout=60)
    name = package.name
    shutil.rmtree(CACHE / "archives")
    shutil.rmtree(CACHE / "lists")
    for leftover in CACHE.glob("*.bin"):
        leftover.unlink()
    program = CACHE / "usr" / "bin" / "bwrap"
    shown = subprocess.run(
        [str(program), "--version"],
        env=_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    if shown.returncode != 0:
        print(f"{name} was unpacked but does not run: {shown.stderr.strip()}", file=sys.stderr)
        return 1
    print(f"fetched {name}, unpacked to .cache/bubblewrap: {shown.stdout.strip()}")
    return 0


def _unpacked() -> str | None:
    program = CACHE / "usr" / "bin" / "bwrap"
    return str(program) if os.access(program, os.X_OK) else None


if __name__ == "__main__":
    raise SystemExit(main())
