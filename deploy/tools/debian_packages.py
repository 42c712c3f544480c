"""Fetches packages of the distribution and unpacks them into a folder below `.cache/`, without root.

The service downloads nothing at run time; this is for a checkout on a machine where they are not installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".cache"
_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
}
# A proxy of the machine's own is needed to reach anything at all; nothing else is passed on.
_PASSED_ON = ("http_proxy", "https_proxy", "no_proxy")


class FetchError(Exception):
    """The packages cannot be had; the text says why."""


def fetch(
    names: tuple[str, ...],
    folder: Path,
    *,
    with_libraries: bool = False,
    alone: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Unpack packages into `folder`, which is emptied first; returns the files' names. Raises FetchError.

    `with_libraries`: also what they depend on and this machine lacks, but for dependencies whose names begin as `without` says.
    `alone` are packages of which only a program is wanted.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise FetchError("this machine has no apt")
    shutil.rmtree(folder, ignore_errors=True)
    work = folder / "fetching"
    archives = work / "archives"
    for place in (work / "lists" / "partial", archives / "partial"):
        place.mkdir(parents=True)
    try:
        _download(names, alone, work, without if with_libraries else None)
        found = sorted(archives.glob("*.deb"))
        for package in found:
            subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], env=_ENVIRONMENT, check=True, timeout=120)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise FetchError(str(error.stderr or error).strip()[-2000:]) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return tuple(package.name for package in found)


def _download(names: tuple[str, ...], alone: tuple[str, ...], work: Path, without: tuple[str, ...] | None) -> None:
    """Download with caches of our own so that no root is needed; with lists of our own where the machine's are absent or old."""
    try:
        _apt(work, None, "apt-get", "download", *alone, *_wanted(names, work, None, without))
    except subprocess.CalledProcessError:
        print("The machine's package lists are absent or old; reading fresh ones into .cache/.")
        lists = work / "lists"
        _apt(work, lists, "apt-get", "update")
        _apt(work, lists, "apt-get", "download", *alone, *_wanted(names, work, lists, without))


def _wanted(names: tuple[str, ...], work: Path, lists: Path | None, without: tuple[str, ...] | None) -> tuple[str, ...]:
    """The packages with what installing them would bring; with None they alone."""
    if without is None:
        return names
    needed = _needed(names, work, lists, without) if without else names
    told = _apt(work, lists, "apt-get", "--simulate", "--no-install-recommends", "install", *needed)
    new = [line.split()[1] for line in told.splitlines() if line.startswith("Inst ")]
    return tuple(dict.fromkeys((*names, *new)))


def _needed(names: tuple[str, ...], work: Path, lists: Path | None, without: tuple[str, ...]) -> list[str]:
    """What the packages name themselves as needed, without themselves."""
    told = _apt(work, lists, "apt-cache", "--important", "depends", *names)
    found = [words[1] for line in told.splitlines() if (words := line.split())[0].endswith("Depends:")]
    return [name for name in found if not name.startswith(("<", *names, *without))]


def _apt(work: Path, lists: Path | None, program: str, *command: str) -> str:
    options = [
        f"Dir::Cache={work}",
        f"Dir::Cache::archives={work / 'archives'}",
        "Debug::NoLocking=1",
        "APT::Sandbox::User=",  # the files are ours, not the _apt user's; apt checks signatures all the same
        "Acquire::Retries=2",
        "Acquire::http::Timeout=20",
    ]
    if lists is not None:
        options.append(f"Dir::State::lists={lists}")
    given = [word for option in options for word in ("-o", option)]
    environment = _ENVIRONMENT | {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    done = subprocess.run(
        [program, "-q", *given, *command],
        cwd=work / "archives",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=170,
    )
    return done.stdout
