"""Errors of every command: one line, what to do, never a secret, no traceback unless asked."""

from __future__ import annotations

import pytest

from tests.console.repositories import commit
from tests.story.shop import shop_files
from workers.cli import COMMANDS, parser_of

CANARY = "canary-4711"
UNREACHABLE = f"postgresql://app:{CANARY}@127.0.0.1:1/shop"
TWO_SIGNS = f"postgresql://app:x@{CANARY}/y@127.0.0.1:1/shop"
NO_PORT = f"postgresql://app:{CANARY}@127.0.0.1:port/shop"
OTHER_ENGINE = f"oracle://app:{CANARY}@db/shop"
IN_QUERY = f"postgresql://127.0.0.1:1/shop?password={CANARY}"
REPORT = ("report", "--repo", "REPO", "--base", "main", "--head", "main", "--env", "prod", "--url")


@pytest.fixture
def repository(data_dir):
    commit(data_dir / "shop", shop_files())
    return str(data_dir / "shop")


def quiet(ran):
    said = ran.stdout + ran.stderr
    return CANARY not in said and "Traceback" not in said


@pytest.mark.parametrize("url", [UNREACHABLE, TWO_SIGNS, NO_PORT, OTHER_ENGINE, IN_QUERY])
def test_a_bad_url_shows_no_password(command, url):
    ran = command("snapshot", DATABASE_URL=url)
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert ran.stderr.startswith("schemagate: ")
    assert quiet(ran), ran.stderr


@pytest.mark.parametrize("words", [("connect-check", "--url"), ("diff", "absent.json")], ids=lambda words: words[0])
def test_nor_does_it_in_the_other_commands(command, words):
    ran = command(*words, NO_PORT)
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert quiet(ran), ran.stderr


@pytest.mark.parametrize(("url", "code"), [(UNREACHABLE, 3), (TWO_SIGNS, 1), (NO_PORT, 1)])
def test_nor_does_it_in_a_report(command, repository, url, code):
    ran = command(*(repository if word == "REPO" else word for word in REPORT), url)
    assert ran.returncode == code, ran.stderr
    assert quiet(ran), ran.stdout + ran.stderr


@pytest.mark.parametrize("url", [NO_PORT, UNREACHABLE])
def test_a_traceback_is_shown_where_asked_and_has_no_password_either(command, url):
    ran = command("snapshot", "--url", url, SCHEMAGATE_DEBUG="1")
    assert ran.returncode == 1
    assert "Traceback" in ran.stderr
    assert CANARY not in ran.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("snapshot", UNREACHABLE),
        ("diff", UNREACHABLE),
        ("connect-check", "--url", UNREACHABLE, "--other", UNREACHABLE),
        (UNREACHABLE,),
        ("worker", "--queues", UNREACHABLE),
        ("diff", "a", "b", "--format", UNREACHABLE),
    ],
    ids=str,
)
def test_words_that_are_wrong_end_with_1_and_one_line(command, words):
    ran = command(*words)
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert quiet(ran)


@pytest.mark.parametrize("name", ["up", "worker", "web", "reconcile"])
def test_a_service_without_settings_says_what_to_set(command, name):
    ran = command(name, *(["--once"] if name == "reconcile" else []))
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert "set SCHEMAGATE_" in ran.stderr


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_help_is_short_enough_to_read(name, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit) as ended:
        parser_of(name).parse_args([name, "--help"])
    shown = capsys.readouterr().out.splitlines()
    assert ended.value.code == 0
    assert 3 < len(shown) <= 32
    assert max(map(len, shown)) <= 100
