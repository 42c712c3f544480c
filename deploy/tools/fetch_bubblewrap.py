"""Fetches the distribution's bubblewrap package and unpacks it below `.cache/bubblewrap/`, without root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from deploy.tools.debian_packages import CACHE, FetchError, fetch

FOLDER = CACHE / "bubblewrap"
PROGRAM = FOLDER / "usr" / "bin" / "bwrap"


def main() -> int:
    present = shutil.which("bwrap") or (str(PROGRAM) if os.access(PROGRAM, os.X_OK) else None)
    if present:
        print(f"bubblewrap is here: {present}")
        return 0
    try:
        (name,) = fetch(("bubblewrap",), FOLDER)
    except FetchError as error:
        print(
            f"{error}\nbubblewrap could not be fetched. Install the package `bubblewrap` (0.8 or newer) by hand.",
            file=sys.stderr,
        )
        return 1
    shown = subprocess.run([str(PROGRAM), "--version"], env={}, capture_output=True, text=True, check=False, timeout=20)
    if shown.returncode != 0:
        print(f"{name} was unpacked but does not run: {shown.stderr.strip()}", file=sys.stderr)
        return 1
    print(f"fetched {name}, unpacked to .cache/bubblewrap: {shown.stdout.strip()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
