"""What we promise, asked of the servers themselves: their logs, their counters, and every byte that is left behind."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deploy.demo.github.records import Pull
from deploy.demo.servers import PostgresServer
from tests.story.ground import Ground
from tests.story.shop import FIRST, add_column, migration, shop_config
from tests.story.yard import Yard, open_yard
from workers.core.rollout import RolloutState
from workers.run import BrokenJobError

REVISION = "2b00000000bb"
PATH = f"alembic/versions/{REVISION}_change.py"
WORD = "zebrafish"  # stands in the pull and nowhere else
ADD = migration(
    REVISION,
    FIRST,
    f'    op.add_column("orders", sa.Column("{WORD}", sa.Text))\n',
    f'    op.drop_column("orders", "{WORD}")\n',
)
MODELS = "shop/models.py"
OpenYard = Callable[..., Yard]


@pytest.fixture
def yards(ground: Ground, postgres: PostgresServer, data_dir: Path) -> Iterator[OpenYard]:
    opened: list[Yard] = []

    def open_one(*, config: str = "", read_role: bool = False) -> Yard:
        opened.append(open_yard(ground, postgres, data_dir, config=config, read_role=read_role))
        return opened[-1]

    yield open_one
    for yard in opened:
        yard.house.close()


def files() -> dict[str, str | None]:
    """A pull that adds a column, in a migration and in the models."""
    return {MODELS: add_column(WORD)[MODELS], PATH: ADD}


# -- what a target hears


@pytest.mark.parametrize("read_role", [True, False], ids=["with read_url", "without read_url"])
def test_planning_only_reads_and_says_nothing_of_the_pull(yards: OpenYard, read_role: bool):
    yard = yards(read_role=read_role)
    since, written = _log_size(yard), yard.written()
    pull = yard.house.open_pull(files())
    yard.house.say(pull, "bob", "/status")
    yard.house.say(pull, "dave", f"/approve prod {yard.house.code(pull)}")
    heard = _heard(yard, since)
    assert heard
    assert yard.written() == written
    assert [text for _, _, text in heard if WORD in text] == []
    reader = f"{yard.database}_{'ro' if read_role else 'rw'}"
    assert {user for _, user, _ in heard} == {reader}
    assert not _outside_read_only(heard), "\n".join(_outside_read_only(heard))


def test_the_text_of_a_plan_reaches_its_target_after_the_approval_and_by_the_writing_role(yards: OpenYard):
    yard = yards(read_role=True)
    pull, since = yard.house.open_pull(files()), _log_size(yard)
    yard.house.say(pull, "bob", yard.house.offered(pull))
    assert "applied and verified" in yard.house.answers(pull)[-1]
    heard = _heard(yard, since)
    assert {user for _, user, text in heard if f"ADD COLUMN {WORD}" in text} == {f"{yard.database}_rw"}
    assert _outside_read_only([item for item in heard if item[1].endswith("_ro")]) == []


# -- what the state may say


def test_an_approval_put_into_the_state_by_hand_allows_nothing(yards: OpenYard):
    yard = yards(config=shop_config(prod="approvals: 2"))
    pull = yard.house.open_pull(files())
    yard.house.say(pull, "bob", yard.house.offered(pull))
    row = _state(yard, "SELECT digest, comment, repository, pull, approval, seal FROM approvals")[0]
    bob, grace = yard.house.people["bob"].id, yard.house.people["grace"].id
    text = str(row[4]).replace(f'"id": {bob}', f'"id": {grace}').replace("bob", "grace")
    text = text.replace(f'"comment": {row[1]}', '"comment": 99999')
    assert text != row[4]
    _change(
        yard,
        "INSERT INTO approvals (digest, comment, repository, pull, approval, seal) VALUES (?, 99999, ?, ?, ?, ?)",
        (row[0], row[2], row[3], text, row[5]),
    )
    _broken(yard, pull, f"/approve prod {yard.house.code(pull)}")
    assert WORD not in "".join(yard.schema())


def test_a_rollout_put_into_the_state_by_hand_is_not_run(yards: OpenYard):
    yard = yards()
    pull = yard.house.open_pull(files())
    digest = str(_state(yard, "SELECT digest FROM plans")[0][0])
    store = yard.house.services.store
    stored = store.plan(digest)
    assert stored is not None
    identity = stored.plan.key.target
    store.start_rollout(digest, f"{identity.engine.value}:{identity.server}/{identity.database}")
    assert yard.house.services.store.unfinished()[0].state is RolloutState.APPROVED
    yard.house.reconcile()
    assert WORD not in "".join(yard.schema())
    assert "needs_approval" in "".join(yard.house.answers(pull))
    assert yard.house.services.store.unfinished() == ()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE plans SET plan = replace(plan, 'zebrafish', 'seahorse1')",
        "UPDATE plans SET digest = '00' || substr(digest, 3)",
        "UPDATE codes SET digest = '00' || substr(digest, 3)",
        "UPDATE codes SET environment = 'dev'",
    ],
    ids=["text", "digest", "code of another plan", "code of another environment"],
)
def test_a_plan_changed_in_the_state_is_not_run(yards: OpenYard, change: str):
    yard = yards()
    pull = yard.house.open_pull(files())
    line, before = yard.house.offered(pull), yard.schema()
    with closing(sqlite3.connect(_state_path(yard))) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(change)
        connection.commit()
    _broken(yard, pull, line)
    assert yard.schema() == before
    assert not any("applied and verified" in body for body in yard.house.answers(pull))


def test_an_approval_whose_comment_github_does_not_know_allows_nothing(yards: OpenYard):
    """The state says that bob approved; his comment was deleted, and the delivery that says so was lost."""
    yard = yards(config=shop_config(prod="approvals: 2"))
    house, world = yard.house, yard.house.world
    pull = house.open_pull(files())
    comment = house.say(pull, "bob", house.offered(pull))
    with world.state.lock:
        del world.state.comments[comment.id]
    house.say(pull, "grace", f"/approve prod {house.code(pull)}")
    assert WORD not in "".join(yard.schema())
    assert "its comment is gone" in "".join(house.answers(pull))


def _broken(yard: Yard, pull: Pull, line: str) -> None:
    """Somebody comments; what follows may be a refusal, or a job that says that the state was tampered with."""
    try:
        yard.house.say(pull, "grace", line)
    except BrokenJobError as error:
        assert "StoreTamperedError" in str(error)  # noqa: PT017
        assert "broke" in "".join(yard.house.answers(pull)[-1:]) or yard.house.answers(pull)


def _log_size(yard: Yard) -> int:
    return yard.postgres.log.stat().st_size


def _heard(yard: Yard, since: int) -> list[tuple[str, str, str]]:
    """(session, role, text) of every statement that the target got."""
    found = []
    for line in yard.postgres.log_lines(database=yard.database, since=since):
        match = re.match(
            r"\S+ \S+ \S+ \[(\d+)\] user=(\S+) db=\S+ app=.*? (?:LOG|ERROR|STATEMENT|DETAIL): +(.*)", line, re.DOTALL
        )
        if match:
            found.append((match[1], match[2], match[3]))
    return found


_SAYS = re.compile(r"(?:statement|execute [^:]*): (.*)", re.DOTALL)
# Settings of the session; and how pg_dump opens, in a session that we made read-only by default.
_HARMLESS = re.compile(
    r"SET \w+|SELECT (?:pg_catalog\.)?set_config\((?:'[a-z_]+'|name), '[^']*', (?:false|true)\)|ROLLBACK|COMMIT"
    r"|SELECT pg_catalog\.pg_is_in_recovery\(\)",
    re.IGNORECASE,
)


def _outside_read_only(heard: list[tuple[str, str, str]]) -> list[str]:
    """Statements that were neither part of a read-only transaction nor a setting of the session."""
    reading: dict[str, bool] = {}
    found = []
    for session, _, text in heard:
        said = _SAYS.match(text)
        if said is None:
            continue
        sql = said[1].strip()
        if re.match(r"BEGIN[^;]*READ ONLY|SET TRANSACTION[^;]*READ ONLY", sql):
            reading[session] = True
        elif re.match(r"(ROLLBACK|COMMIT)\b(?! TO)", sql):
            reading[session] = False
        elif not reading.get(session) and not _HARMLESS.match(sql) and sql != "BEGIN":
            found.append(sql)
    return found


def _state_path(yard: Yard) -> Path:
    return Path(yard.house.settings.state_url.removeprefix("sqlite:///"))


def _state(yard: Yard, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(_state_path(yard))) as connection:
        return connection.execute(query).fetchall()


def _change(yard: Yard, statement: str, values: tuple[object, ...]) -> None:
    with closing(sqlite3.connect(_state_path(yard))) as connection, connection:
        connection.execute(statement, values)
