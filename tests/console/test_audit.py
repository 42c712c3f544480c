"""`audit verify` walks the evidence of a checkout offline, and names what was changed."""

from __future__ import annotations

import base64
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests import builders as make
from workers.local.keys import SigningKeys
from workers.rendering.workdocs import workdocs
from workers.settings import create_key

SECRET = b"s" * 32
KEYS = SigningKeys((("key-1", Ed25519PrivateKey.from_private_bytes(SECRET)),))


@pytest.fixture
def checkout(data_dir):
    """A checkout with the evidence of one rollout, beside other files."""
    folder = data_dir / "checkout"
    for path, text in workdocs(make.some_workdocs(previous="none"), KEYS.sign).files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    (folder / "README.md").write_text("# shop\n")
    return folder


@pytest.fixture
def key(data_dir):
    create_key(data_dir / "signing.key", SECRET)
    return f"file:{data_dir / 'signing.key'}"


def the_log(checkout):
    return next(checkout.rglob("03-execution-log.md"))


def test_evidence_as_it_was_written_is_whole(command, checkout, key):
    ran = command("audit", "verify", checkout, SCHEMAGATE_SIGNING_KEY=key)
    assert ran.returncode == 0, ran.stdout
    assert ran.stdout.splitlines()[-1] == "whole"
    assert ran.stdout.startswith("✓ postgresql:")


def test_a_file_of_public_keys_is_enough(command, checkout, key, data_dir):
    shown = command("audit", "public-key", SCHEMAGATE_SIGNING_KEY=key)
    assert shown.stdout == f"key-1 {KEYS.public()[0][1]}\n"
    (data_dir / "keys.txt").write_text("# of the service\n" + shown.stdout)
    assert command("audit", "verify", checkout, "--public-key", data_dir / "keys.txt").returncode == 0


def test_another_key_proves_nothing(command, checkout, data_dir):
    other = base64.b64encode(b"o" * 32).decode()
    (data_dir / "keys.txt").write_text(f"key-1 {other}\n")
    ran = command("audit", "verify", checkout, "--public-key", data_dir / "keys.txt")
    assert ran.returncode == 1
    assert "the signature of key key-1 does not fit" in ran.stdout


def test_without_a_key_signatures_are_said_to_be_unchecked(command, checkout):
    ran = command("audit", "verify", checkout)
    assert ran.returncode == 1
    assert "its signature was not checked" in ran.stdout
    assert "not proven" in ran.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", ["02-migration-plan.md", "artifacts/plan.sql", "03-execution-log.md"])
def test_one_changed_byte_is_named(command, checkout, key, name):
    changed = the_log(checkout).parent / name
    changed.write_bytes(changed.read_bytes().replace(b"a", b"b", 1))
    ran = command("audit", "verify", checkout, SCHEMAGATE_SIGNING_KEY=key)
    assert ran.returncode == 1
    assert f"✗ {changed.relative_to(checkout)}: " in ran.stdout
    assert ran.stdout.splitlines()[-1] == "NOT as it was written"


def test_changed_line_ends_are_a_change(command, checkout, key):
    plan = the_log(checkout).parent / "02-migration-plan.md"
    plan.write_bytes(plan.read_bytes().replace(b"\n", b"\r\n"))
    assert command("audit", "verify", checkout, SCHEMAGATE_SIGNING_KEY=key).returncode == 1


def test_bytes_that_are_no_text_are_a_change_and_no_crash(command, checkout, key):
    plan = the_log(checkout).parent / "artifacts" / "plan.sql"
    plan.write_bytes(b"\xff\xfe" + plan.read_bytes())
    ran = command("audit", "verify", checkout, SCHEMAGATE_SIGNING_KEY=key)
    assert ran.returncode == 1
    assert "plan.sql" in ran.stdout


def test_a_removed_file_is_named(command, checkout, key):
    (the_log(checkout).parent / "04-post-verify.md").unlink()
    ran = command("audit", "verify", checkout, SCHEMAGATE_SIGNING_KEY=key)
    assert ran.returncode == 1
    assert "04-post-verify.md: the execution log names it" in ran.stdout


def test_a_rollout_that_is_not_here_ends_with_2(command, checkout, key):
    folder = the_log(checkout).parents[1]
    shutil.rmtree(folder)
    for path, text in workdocs(make.some_workdocs(previous="a" * 64), KEYS.sign).files:
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (checkout / path).write_bytes(text.encode())
    ran = command("audit", "verify", checkout, SCHEMAGATE_SIGNING_KEY=key)
    assert ran.returncode == 2, ran.stdout
    assert "is not here (section aaaaaaaaaaaa)" in ran.stdout


def test_a_folder_without_evidence_is_an_error(command, data_dir, key):
    (data_dir / "empty").mkdir()
    ran = command("audit", "verify", data_dir / "empty", SCHEMAGATE_SIGNING_KEY=key)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "has no workdocs" in ran.stderr


@pytest.mark.parametrize("text", ["", "key-1\n", "one two three\n"])
def test_a_file_that_holds_no_public_keys_is_an_error(command, checkout, data_dir, text):
    (data_dir / "keys.txt").write_text(text)
    ran = command("audit", "verify", checkout, "--public-key", data_dir / "keys.txt")
    assert ran.returncode == 1
    assert "holds no public keys" in ran.stderr
