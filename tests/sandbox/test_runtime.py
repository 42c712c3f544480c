"""Programs behind closed doors are copied once; folders of the dead are swept, those of the living are not."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.machine import SMALL, our_identity, worker_environment
from workers.core.errors import ExpectedError
from workers.sandbox.folders import claimed_folder, sweep
from workers.sandbox.identity import Identity
from workers.sandbox.profile import Profile
from workers.sandbox.run import Bubblewrap
from workers.sandbox.runtime import open_area, python_runtime, reachable

SOMEBODY = Identity(os.geteuid() + 4242, os.getegid() + 4242, dropped=True)
CLAIM_AND_WAIT = """
import sys, time
from pathlib import Path
from workers.sandbox.folders import claimed_folder
with claimed_folder(Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def closed(data_dir: Path) -> Path:
    """A folder behind a door that only its owner passes, with a program and a library."""
    inside = data_dir / "closed" / "program"
    (inside / "lib").mkdir(parents=True)
    (inside / "include").mkdir()
    (inside / "run").write_text("#!/bin/sh\necho ran\n")
    (inside / "run").chmod(0o700)
    (inside / "lib" / "text").write_text("text")
    (inside / "lib" / "link").symlink_to("text")
    (data_dir / "closed").chmod(0o700)
    return inside


def test_a_path_that_can_be_passed_stays_where_it_is(data_dir: Path):
    (data_dir / "open").mkdir(mode=0o755)
    assert reachable(data_dir / "open", data_dir, SOMEBODY) == data_dir / "open"


def test_a_closed_one_is_copied_readable_once(closed: Path, data_dir: Path):
    copy = reachable(closed, data_dir, SOMEBODY, left_out=("include",))
    assert copy != closed
    assert SOMEBODY.reaches(copy)
    assert sorted(each.name for each in copy.iterdir()) == ["lib", "run"]
    assert stat.S_IMODE((copy / "run").stat().st_mode) == 0o755
    assert (copy / "lib" / "link").readlink() == Path("text")
    made = copy.stat().st_ctime_ns
    assert reachable(closed, data_dir, SOMEBODY, left_out=("include",)) == copy
    assert copy.stat().st_ctime_ns == made


def test_a_changed_one_is_copied_again(closed: Path, data_dir: Path):
    first = reachable(closed, data_dir, SOMEBODY)
    (closed / "run").write_text("#!/bin/sh\necho ran differently\n")
    second = reachable(closed, data_dir, SOMEBODY)
    assert first != second
    assert "differently" in (second / "run").read_text()


def test_a_single_closed_file_is_copied_too(closed: Path, data_dir: Path):
    copy = reachable(closed / "run", data_dir, SOMEBODY)
    assert SOMEBODY.reaches(copy)
    assert subprocess.run([str(copy)], capture_output=True, check=True).stdout == b"ran\n"


@pytest.mark.sandbox
def test_a_python_and_the_environments_made_with_it_run_inside(sandbox: Bubblewrap, area: Path, data_dir: Path):
    venv = data_dir / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True, env=worker_environment())
    (next(venv.glob("lib/python3*/site-packages")) / "dependency.py").write_text("here = True")
    runtime = python_runtime(area, our_identity(), venv / "bin" / "python")
    outcome = sandbox.run(
        [str(venv / "bin" / "python"), "-I", "-c", "import dependency, sys; print(sys.prefix)"],
        Profile(read_only=(*runtime.binds, (venv, str(venv))), environment=runtime.environment, **SMALL),
    )
    assert outcome.stdout.decode().strip() == str(venv), outcome


@pytest.mark.sandbox
def test_the_copied_python_is_whole_and_has_no_site_packages(sandbox: Bubblewrap, area: Path):
    if os.geteuid() != 0:
        pytest.skip("an ordinary user's own Python is never behind a closed door of its own")
    prefix = Path(sys.base_prefix)
    runtime = python_runtime(area, SOMEBODY, Path(sys.executable))
    if SOMEBODY.reaches(prefix):
        assert prefix.is_relative_to("/usr") or runtime.binds[0][0] == prefix
    code = "import bz2, ctypes, hashlib, json, lzma, sqlite3, ssl, zlib, sys; print(sys.version_info[:2])"
    outcome = sandbox.run([runtime.bin, "-I", "-c", code], Profile(read_only=runtime.binds, **SMALL))
    assert outcome.stdout.decode().strip() == str(sys.version_info[:2]), outcome
    missing = sandbox.run([runtime.bin, "-I", "-c", "import pip"], Profile(read_only=runtime.binds, **SMALL))
    assert b"ModuleNotFoundError" in missing.stderr or prefix.is_relative_to("/usr") or SOMEBODY.reaches(prefix)


def test_an_area_that_can_be_passed_is_taken_and_closed_to_listing(data_dir: Path):
    data_dir.chmod(0o711)
    area = open_area(data_dir / "area", SOMEBODY, fallback=Path("/nowhere"))
    assert area == data_dir / "area"
    assert stat.S_IMODE(area.stat().st_mode) == 0o711


def test_an_area_behind_a_closed_door_lies_elsewhere_always_at_the_same_place(closed: Path, data_dir: Path):
    area = open_area(closed / "area", SOMEBODY, fallback=data_dir)
    assert area.parent == data_dir
    assert open_area(closed / "area", SOMEBODY, fallback=data_dir) == area
    assert open_area(closed / "other", SOMEBODY, fallback=data_dir) != area


def test_an_area_with_a_name_too_long_for_sockets_lies_elsewhere(data_dir: Path):
    assert open_area(data_dir / ("long" * 20), our_identity(), fallback=data_dir).parent == data_dir
    assert len(str(open_area(data_dir / ("long" * 20), our_identity(), fallback=data_dir))) < 75


def test_an_area_laid_out_by_somebody_else_is_refused(closed: Path, data_dir: Path):
    area = open_area(closed / "area", SOMEBODY, fallback=data_dir)
    area.rmdir()
    area.symlink_to(closed)
    with pytest.raises(ExpectedError, match="somebody else"):
        open_area(closed / "area", SOMEBODY, fallback=data_dir)


def test_a_claimed_folder_lasts_as_long_as_its_block(data_dir: Path):
    with claimed_folder(data_dir) as folder:
        (folder / "file").write_text("x")
        assert sweep(data_dir) == 0
        assert folder.exists()
    assert not folder.exists()


def test_the_umask_closes_no_door(data_dir: Path):
    before = os.umask(0o077)
    try:
        with claimed_folder(data_dir) as folder:
            assert SOMEBODY.uid != os.geteuid()
            assert stat.S_IMODE(folder.stat().st_mode) == 0o711
    finally:
        os.umask(before)


def test_the_folder_of_a_killed_process_is_swept_and_that_of_a_living_one_is_not(data_dir: Path):
    with subprocess.Popen(
        [sys.executable, "-c", CLAIM_AND_WAIT, str(data_dir)],
        env=worker_environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        folder = Path(other.stdout.readline().strip())
        assert folder.is_dir()
        assert sweep(data_dir) == 0
        other.kill()
    assert folder.is_dir()
    assert sweep(data_dir) == 1
    assert not folder.exists()
