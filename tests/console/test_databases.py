"""`connect-check`, `snapshot` and `diff` on real databases."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing

import pytest

from workers.sandbox.identity import identity

CANARY = "canary-4711"


@pytest.fixture
def shop_url(postgres, pg_url):
    """A small schema, owned by a role with a password to look for."""
    name = pg_url.rpartition("/")[2]
    postgres.create_role(f"rw_{name}", CANARY)
    postgres.execute(
        f"GRANT ALL ON SCHEMA public TO rw_{name}; CREATE SCHEMA other; CREATE EXTENSION vector;"
        "CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL); CREATE TABLE other.things (id int)",
        name,
    )
    yield postgres.url(name, user=f"rw_{name}", password=CANARY)
    postgres.execute(f"REVOKE ALL ON SCHEMA public FROM rw_{name}; DROP ROLE rw_{name}", name)


def sqlite_file(path, script):
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    path.chmod(0o644)
    identity(os.geteuid(), os.getegid()).owns(path.parent)
    return f"sqlite:///{path}"


def test_a_connection_check_says_what_is_there_and_no_secret(command, shop_url):
    ran = command("connect-check", "--url", shop_url)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("# Connection check\n")
    assert "vector" in ran.stdout
    assert CANARY not in ran.stdout + ran.stderr


def test_a_result_goes_to_a_file_where_one_is_named(command, shop_url, data_dir):
    ran = command("connect-check", "--url", shop_url, "--out", data_dir / "made" / "00-connection-check.md")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert (data_dir / "made" / "00-connection-check.md").read_text().startswith("# Connection check\n")


@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_the_url_is_taken_from_the_env_file_of_the_folder(command, shop_url, data_dir, quote):
    (data_dir / "work" / ".env").write_text(f"OTHER=1\nexport DATABASE_URL={quote}{shop_url}{quote}\n")
    assert command("connect-check").returncode == 0


def test_the_environment_goes_before_the_env_file(command, shop_url, data_dir):
    (data_dir / "work" / ".env").write_text("DATABASE_URL=postgresql://nobody@127.0.0.1:1/none\n")
    assert command("connect-check", DATABASE_URL=shop_url).returncode == 0


def test_without_any_url_it_says_what_to_do(command):
    ran = command("connect-check")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == (
        "schemagate: no database is named: give --url, or set DATABASE_URL in the environment or in .env here (not_configured)\n"
    )


def test_a_database_that_does_not_answer_ends_with_1(command):
    ran = command("connect-check", "--url", f"postgresql://app:{CANARY}@127.0.0.1:1/shop")
    assert ran.returncode == 1
    assert ran.stderr.startswith("schemagate: ")
    assert "(target_unreachable)" in ran.stderr


def test_a_snapshot_equals_the_database_that_it_was_taken_of(command, shop_url, data_dir):
    file = data_dir / "live.json"
    assert command("snapshot", "--url", shop_url, "--out", file).returncode == 0
    value = json.loads(file.read_text())
    assert value["format"] == "schemagate-snapshot/1"
    assert ["public", "customers", "email"] in [item["name"] for item in value["objects"]]
    assert CANARY not in file.read_text()
    same = command("diff", file, shop_url)
    assert (same.returncode, same.stdout) == (0, "0 differences\n")


def test_a_difference_ends_with_2_and_is_shown_in_three_formats(command, postgres, shop_url, data_dir):
    file = data_dir / "live.json"
    command("snapshot", "--url", shop_url, "--out", file)
    postgres.execute("ALTER TABLE customers ALTER email DROP NOT NULL, ADD note text", shop_url.rpartition("/")[2])
    shown = {form: command("diff", file, shop_url, "--format", form) for form in ("text", "json", "markdown")}
    assert {ran.returncode for ran in shown.values()} == {2}
    assert "+ column public.customers.note\n" in shown["text"].stdout
    assert "~ column public.customers.email\n" in shown["text"].stdout
    assert "- added column `public.customers.note`" in shown["markdown"].stdout
    value = json.loads(shown["json"].stdout)
    assert value["format"] == "schemagate-diff/1"
    assert {item["change"] for item in value["changes"]} == {"added", "changed"}


def test_schemas_and_extensions_can_be_left_out_and_stay_counted(command, shop_url):
    ran = command("snapshot", "--url", shop_url, "--schema", "public", "--exclude-extensions")
    value = json.loads(ran.stdout)
    names = {tuple(item["name"]) for item in value["objects"]}
    assert ("public", "customers") in names
    assert ("other", "things") not in names
    reasons = {item["reason"] for item in value["excluded"]}
    assert {"in schema other", "owned by extension vector"} <= reasons


def test_a_sqlite_file_is_a_database_too(command, data_dir):
    (place := data_dir / "files").mkdir()
    old = sqlite_file(place / "old.db", "CREATE TABLE a (id integer PRIMARY KEY)")
    new = sqlite_file(place / "new.db", "CREATE TABLE a (id integer PRIMARY KEY, note text)")
    assert command("connect-check", "--url", old).returncode == 0
    assert "+ column a.note" in command("diff", old, new).stdout


@pytest.mark.parametrize("text", ["[1]", "{}", "no json", '{"format": "schemagate-snapshot/1", "engine": 3}'])
def test_a_file_that_is_no_snapshot_is_said_to_be_none(command, data_dir, text):
    (data_dir / "wrong.json").write_text(text)
    for side in (data_dir / "wrong.json", data_dir / "absent.json"):
        ran = command("diff", side, side)
        assert ran.returncode == 1
        assert ran.stderr.count("\n") == 1
        assert side.name in ran.stderr


@pytest.mark.parametrize("engine", ["postgresql", "sqlite"])
def test_a_sealed_snapshot_says_what_a_whole_comparison_says(command, request, data_dir, engine):
    url = request.getfixturevalue("shop_url") if engine == "postgresql" else _statistics(data_dir)
    file, plain = data_dir / "live.json", data_dir / "plain.json"
    command("snapshot", "--url", url, "--out", file)
    plain.write_text(json.dumps({key: value for key, value in json.loads(file.read_text()).items() if key != "seal"}))
    assert '\n "seal": "' in file.read_text()
    for form in ("text", "json", "markdown"):
        sealed, whole = (command("diff", side, url, "--format", form) for side in (file, plain))
        assert (sealed.returncode, sealed.stdout, sealed.stderr) == (0, whole.stdout, whole.stderr)


def test_a_snapshot_that_was_written_by_hand_has_no_seal_any_more(command, shop_url, data_dir):
    file = data_dir / "live.json"
    command("snapshot", "--url", shop_url, "--out", file)
    file.write_text(file.read_text().replace('"not_null": true', '"not_null": false', 1))
    assert command("diff", file, shop_url).returncode == 2
    assert command("diff", shop_url, file).returncode == 2


def test_only_a_whole_schema_is_sealed(command, shop_url):
    assert '"seal"' not in command("snapshot", "--url", shop_url, "--schema", "public").stdout


def _statistics(folder):
    (place := folder / "files").mkdir()
    return sqlite_file(place / "a.db", "CREATE TABLE a (id integer PRIMARY KEY); CREATE INDEX b ON a (id); ANALYZE")
