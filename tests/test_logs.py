"""What workers log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = """
import logging, structlog
from workers.logs import configure_logs
configure_logs(("canary-one",))
log = structlog.get_logger()
log.warning("said", url="postgresql://app:canary-two@db/x", nested={"deep": "canary-one"}, number=5)
try:
    raise RuntimeError("it was canary-one")
except RuntimeError:
    log.exception("raised")
    logging.getLogger("rq.worker").error("broke", exc_info=True)
logging.getLogger("other").warning("with %s", "canary-one")
"""


def test_no_secret_reaches_the_log():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    lines = done.stderr.splitlines()
    assert "canary" not in done.stderr + done.stdout
    assert len(lines) == 4
    assert all(line.startswith("{") for line in lines)
    assert "RuntimeError" in lines[1]
