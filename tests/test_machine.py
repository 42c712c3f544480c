"""What this machine offers, and what is kept by what it is made of."""

from __future__ import annotations

from pathlib import Path

from workers.local.kept_replays import KeptReplays
from workers.machine import tools


def test_the_hash_of_our_tools_is_that_of_code_programs_and_what_they_pin(tmp_path: Path):
    folders = (tmp_path / "ours", tmp_path / "programs")
    files = [folders[0] / "deep" / "code.py", folders[1] / "main.mjs", folders[1] / "package-lock.json"]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("1")
    found = {tools(*folders)}
    for file in files:
        file.write_text("2")
        tools.cache_clear()
        found.add(tools(*folders))
    assert len(found) == 4


def test_what_other_tools_replayed_is_not_found(tmp_path: Path):
    KeptReplays(tmp_path, "old").keep("key", "text")
    assert KeptReplays(tmp_path, "old").get("key") == "text"
    assert KeptReplays(tmp_path, "new").get("key") is None
