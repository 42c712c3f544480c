"""`make demo`: start everything on this machine, play the main job once, say what happened and where to look, and stay up."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import NoReturn

from deploy.demo.play import Played, play
from deploy.demo.stage import Stage, open_stage


def main() -> int:
    """Play once; with --once end after it, else stay up until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the play, with exit 0 or 1")
    parser.add_argument("--port", type=int, default=0, help="the page's port (any free one by default)")
    found = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    with tempfile.TemporaryDirectory(prefix="schemagate-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        with open_stage(folder, found.port, _say) as stage:
            played = play(stage, _say)
            _tell(stage, played)
            if not found.once:
                _wait()
    return 0 if played.good else 1


def _tell(stage: Stage, played: Played) -> None:
    rule = "─" * 78
    _say(f"\n{rule}\nThe report that schemagate posted\n{rule}\n{played.report}\n")
    _say(f"{rule}\nThe commit that it made\n{rule}\n{played.commit}\n")
    _say(f"{rule}\n{'Applied, verified and documented' if played.good else 'It did not come to its end'}")
    _say(f"Look at it: {stage.page(played.pull)}")
    _say(f"Took {played.seconds:.1f} s after everything was up.")
    if not played.good:
        _say(f"The service's last words:\n{stage.log_tail()}")


def _wait() -> None:
    _say("Everything stays up: comment, push, merge on the page. Ctrl-C ends it.")
    while True:
        signal.pause()


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """Unwind, so that everything that was started is ended."""
    del number, frame
    raise SystemExit(0)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
