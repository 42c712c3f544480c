"""kill -9 of workers, Redis and web while real processes work: within two minutes the pull is right again, applied once, with its evidence.

The tests are one story on one service, told in this order.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from deploy.demo.github.records import Pull
from deploy.demo.servers import PostgresServer
from tests.console import service as stage
from tests.console.service import Service
from tests.story.ground import Ground
from tests.story.shop import FIRST, migration
from tests.story.targets import SqliteFile
from tests.story.yard import first_migration, yard_files

pytestmark = [pytest.mark.acceptance, pytest.mark.processes, pytest.mark.timeout(600)]
SOON = 120.0
PASSWORD = "canary-password-4713"
WORKERS = ("worker triage", "worker plan", "worker apply")
DOCUMENTS = (
    "00-connection-check.md",
    "01-schema-drift-report.md",
    "02-migration-plan.md",
    "03-execution-log.md",
    "04-post-verify.md",
    "artifacts/plan.json",
    "artifacts/plan.sql",
    "artifacts/rollback.sql",
    "artifacts/drift.json",
    "artifacts/execution.jsonl",
)


@pytest.fixture(scope="module")
def service(ground: Ground, postgres: PostgresServer, shared_dir: Path) -> Iterator[Service]:
    (folder := shared_dir / "crashes").mkdir()
    postgres.create_role("crash_rw", PASSWORD)
    postgres.create_database("crash", owner="crash_rw")
    url = postgres.url("crash", user="crash_rw", password=PASSWORD)
    first_migration(folder / "first", url)
    (config := folder / "postgresql.yml").write_text(
        f"repositories:\n  acme/shop:\n    modules:\n      shop:\n        python_environment: {ground.python}\n"
        '        environments:\n          prod: {url: "env:PROD_URL", approvers: from_repository}\n'
    )
    told = {"PROD_URL": url, "SCHEMAGATE_CONFIG": str(config)}
    made = stage.start(folder, ground, SqliteFile(folder / "none.db"), **told)
    made.github.world.push(made.repo, made.alice, "main", {"alembic.ini": yard_files()["alembic.ini"]}, "PostgreSQL")
    yield made
    stage.end(made)


def test_a_worker_that_dies_while_it_plans(service: Service):
    pull = open_pull(service, "one", "2b00000000b1", FIRST)
    service.wait(lambda: ask(service, "SELECT 1 FROM pulls WHERE lease_owner <> ''") != [], 60)
    kill_workers(service)
    service.wait(lambda: offered(service, pull) != "", SOON)


def test_a_worker_that_dies_while_it_applies(service: Service, postgres: PostgresServer):
    pull = service.pulls[-1]
    with postgres.connect("crash") as other:
        other.autocommit = False
        other.execute("LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE")
        approve(service, pull)
        started = "SELECT 1 FROM steps WHERE result = 'started' AND command LIKE 'ALTER TABLE%'"
        service.wait(lambda: ask(service, started) != [], 90)
        kill_workers(service)
    service.wait(lambda: ended(service, pull) == ["failed"], SOON)
    service.wait(lambda: offered(service, pull) != "", SOON)
    assert "one" not in columns(postgres)
    assert evidence(service, pull) == [set(DOCUMENTS)]
    approve(service, pull)
    service.wait(lambda: ended(service, pull) == ["failed", "applied"], SOON)
    assert columns(postgres).count("one") == 1
    assert evidence(service, pull) == [set(DOCUMENTS), set(DOCUMENTS)]
    merge(service, pull)


def test_a_worker_that_dies_after_the_commit_in_the_database(service: Service, postgres: PostgresServer):
    pull = open_pull(service, "two", "2b00000000b2", "2b00000000b1")
    service.wait(lambda: offered(service, pull) != "", SOON)
    with postgres.connect("crash") as watching:
        approve(service, pull)
        query = "SELECT 1 FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'two'"
        until = time.monotonic() + 90
        while watching.execute(query).fetchone() is None and time.monotonic() < until:
            pass
    kill_workers(service)
    left = ask(service, "SELECT state FROM rollouts ORDER BY id DESC LIMIT 1")
    service.wait(lambda: ended(service, pull) == ["applied"], SOON)
    assert left in ([("applying",)], [("verifying",)])
    assert evidence(service, pull) == [set(DOCUMENTS)]
    merge(service, pull)


def test_a_worker_that_dies_before_the_evidence_is_committed(service: Service, postgres: PostgresServer):
    pull = open_pull(service, "three", "2b00000000b3", "2b00000000b2")
    service.wait(lambda: offered(service, pull) != "", SOON)
    approve(service, pull)
    newest = "SELECT state, workdocs_commit FROM rollouts ORDER BY id DESC LIMIT 1"
    count = len(ask(service, "SELECT 1 FROM rollouts"))
    until = time.monotonic() + 90
    while time.monotonic() < until:
        if len(ask(service, "SELECT 1 FROM rollouts")) > count and ask(service, newest)[0][0] == "applied":
            break
    kill_workers(service)
    assert ask(service, newest) == [("applied", "")]
    service.wait(lambda: ended(service, pull) == ["applied"], SOON)
    assert evidence(service, pull) == [set(DOCUMENTS)]
    assert columns(postgres).count("three") == 1
    merge(service, pull)


def test_redis_that_dies_while_a_pull_is_planned(service: Service):
    pull = open_pull(service, "four", "2b00000000b4", "2b00000000b3")
    service.wait(lambda: ask(service, "SELECT 1 FROM pulls WHERE lease_owner <> ''") != [], 60)
    os.kill(service.pids("redis")[-1], signal.SIGKILL)
    service.wait(lambda: offered(service, pull) != "", SOON)


def test_web_that_is_dead_while_somebody_pushes(service: Service):
    pull, before = service.pulls[-1], service.pulls[-1].head_sha
    service.github.world.wait_idle()
    for pid in stage.descendants(service.pids("web")[-1]):
        os.kill(pid, signal.SIGKILL)
    text = change("five", "2b00000000b5", "2b00000000b4")
    service.github.world.push(service.repo, service.alice, pull.head_ref, text, "Another column")
    assert pull.head_sha != before
    service.wait(lambda: "five" in report(service, pull) and offered(service, pull) != "", SOON)
    approve(service, pull)
    service.wait(lambda: ended(service, pull) == ["applied"], SOON)


def test_no_secret_is_anywhere_after_all_that(service: Service, shared_dir: Path):
    folder = shared_dir / "crashes"
    kept = [
        path for path in folder.rglob("*") if path.is_file() and path.suffix != ".key" and "first" not in path.parts
    ]
    assert {"service.log", "state.db"} <= {path.name for path in kept}
    assert any("redis" in path.parts for path in kept)
    said = "\n".join(comment.body for pull in service.pulls for comment in service.github.world.comments(pull))
    runs = repr([(run.title, run.summary, run.text, run.annotations) for run in service.github.hub.state.runs.values()])
    objects = service.repo.git.run("cat-file", "--batch-all-objects", "--batch")
    ours = Path(service.environment["SCHEMAGATE_DATA_DIR"])
    keys = [(ours / name).read_text().split()[1] for name in ("state.key", "signing.key")]
    for secret in (PASSWORD, stage.HOOK, service.secrets[-1], *keys):
        assert secret not in said
        assert secret not in runs
        assert secret.encode() not in objects
        assert [path for path in kept if secret.encode() in path.read_bytes()] == []


# -- acting


def change(column: str, revision: str, after: str) -> dict[str, str | None]:
    up = f'    op.add_column("orders", sa.Column("{column}", sa.Text))\n'
    down = f'    op.drop_column("orders", "{column}")\n'
    return {f"alembic/versions/{revision}_change.py": migration(revision, after, up, down)}


def open_pull(service: Service, column: str, revision: str, after: str) -> Pull:
    return service.open_pull(column, change(column, revision, after))


def approve(service: Service, pull: Pull) -> None:
    bob = next(user for user in service.github.hub.state.users.values() if user.login == "bob")
    service.github.world.comment(pull, bob, offered(service, pull))


def merge(service: Service, pull: Pull) -> None:
    bob = next(user for user in service.github.hub.state.users.values() if user.login == "bob")
    service.github.world.merge(pull, bob)


def kill_workers(service: Service) -> None:
    """Every worker with its job, its sandboxes and its git, at once."""
    family = {pid for part in WORKERS for pid in stage.descendants(service.pids(part)[-1])}
    for pid in sorted(family):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


# -- looking


def ask(service: Service, query: str) -> list[tuple[object, ...]]:
    """What the state says, read beside the service."""
    path = Path(service.environment["SCHEMAGATE_DATA_DIR"], "state.db")
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
            return connection.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []


def report(service: Service, pull: Pull) -> str:
    found = [item.body for item in service.github.world.comments(pull) if stage.MARKER in item.body]
    assert len(found) < 2, found
    return found[0] if found else ""


def offered(service: Service, pull: Pull) -> str:
    """The line to paste, once the check says that only a person's word is missing."""
    runs = [run for run in service.github.world.check_runs(service.repo, pull.head_sha) if run.name == "schemagate"]
    line = re.search(r"^/approve prod [0-9a-z]{7}.*$", report(service, pull), re.MULTILINE)
    return line[0] if line and runs and runs[-1].conclusion == "action_required" else ""


def ended(service: Service, pull: Pull) -> list[object]:
    """The states of a pull's rollouts whose evidence is committed; nothing while one is not."""
    number = pull.issue.number
    rows = ask(service, f"SELECT state, workdocs_commit FROM rollouts WHERE pull = {number} ORDER BY id")
    return [state for state, _ in rows] if all(commit for _, commit in rows) else []


def evidence(service: Service, pull: Pull) -> list[set[str]]:
    """The expected documents of each folder that is committed on the pull's branch."""
    found: dict[str, set[str]] = {}
    for item in service.repo.git.tree(pull.head_sha, recursive=True):
        match = re.fullmatch(rf"modules/shop/workdocs/active/(pr-{pull.issue.number}-[^/]+)/db/(.+)", item.path)
        if match and item.type == "blob":
            found.setdefault(match[1], set()).add(match[2])
    return [names & set(DOCUMENTS) for _, names in sorted(found.items())]


def columns(postgres: PostgresServer) -> list[str]:
    query = "SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped"
    with psycopg.connect(postgres.url("crash")) as connection:
        return [str(row[0]) for row in connection.execute(query).fetchall()]
