"""The stand-in as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[3]


def test_it_starts_says_where_it_is_and_stops_on_a_signal(tmp_path: Path):
    (tmp_path / "secret").write_text("hush\n")
    command = [
        sys.executable,
        "-m",
        "deploy.demo.github",
        "--data",
        str(tmp_path / "data"),
        "--webhook-url",
        "http://127.0.0.1:9/hook",
    ]
    process = subprocess.Popen(
        [*command, "--webhook-secret-file", str(tmp_path / "secret")],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        told = json.loads(process.stdout.readline())
        assert requests.get(f"{told['api_url']}/meta", timeout=10).status_code == 200
        assert "acme/shop" in requests.get(told["server_url"], timeout=10).text
        key = Path(told["private_key_file"])
        assert (stat.S_IMODE(key.stat().st_mode), "PRIVATE KEY" in key.read_text()) == (0o600, True)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        process.stdout.close()
