"""Pulls that mean harm, on PostgreSQL by a superuser's URL, where nothing but us stands in the way.

Each is pushed, reported and tried to be approved; what it wants does not happen, and the report says what was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.demo.github.records import Pull
from deploy.demo.servers import PostgresServer
from tests.story.ground import Ground, OpenShop
from tests.story.shop import FIRST, migration
from tests.story.yard import Yard, close_pull, open_yard, push_entries, yard_files

REVISION = "2b00000000bb"
VERSIONS = "alembic/versions"
PATH = f"{VERSIONS}/{REVISION}_change.py"
FORBIDDEN, MISMATCH, FAILS = "statement_forbidden", "recording_mismatch", "rehearsal_failed"


@pytest.fixture(scope="module")
def yard(ground: Ground, postgres: PostgresServer, shared_dir: Path) -> Iterator[Yard]:
    """One house for all of them: nothing that they want is ever applied."""
    folder = shared_dir / "hostile"
    folder.mkdir()
    opened = open_yard(ground, postgres, folder, superuser=True)
    yield opened
    opened.house.close()


@dataclass(frozen=True, slots=True)
class Attack:
    """What upgrade() does, the code by which the report refuses it, and words that name what was found."""

    name: str
    upgrade: str
    code: str
    said: str


def runs(*sql: str) -> str:
    return "".join(f"    op.execute({text!r})\n" for text in sql)


def outside(*sql: str) -> str:
    return "    with op.get_context().autocommit_block():\n" + "".join(
        f"        op.execute({text!r})\n" for text in sql
    )


def calls(body: str) -> str:
    return runs(
        f"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
        "DO $$ BEGIN PERFORM f(); END $$",
        "DROP FUNCTION f()",
    )


SHARED = "roles, tablespaces or the database itself, or the role of the session, changed"
STATEMENTS = (
    Attack("commit", runs("ALTER TABLE orders ADD a text; COMMIT; ALTER TABLE orders ADD b text"), FORBIDDEN, "COMMIT"),
    Attack("unlock", runs("SELECT pg_advisory_unlock_all()"), FORBIDDEN, "pg_advisory_unlock_all"),
    Attack("unlock in a block", runs("DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$"), FORBIDDEN, "pg_advisory"),
    Attack("program", runs("COPY orders TO PROGRAM 'touch /tmp/owned'"), FORBIDDEN, "copies rows through"),
    Attack("server setting", outside("ALTER SYSTEM SET work_mem = '1GB'"), FORBIDDEN, "the whole server"),
    Attack("role", runs("SET ROLE postgres"), FORBIDDEN, "changes the setting role"),
    Attack("set_config", runs("SELECT set_config('role', 'postgres', true)"), FORBIDDEN, "set_config"),
    Attack("new role", runs("CREATE ROLE intruder SUPERUSER LOGIN"), FORBIDDEN, "changes roles"),
    Attack("load", runs("LOAD 'plpgsql'"), FORBIDDEN, "outside the database"),
    Attack("file", runs("SELECT pg_read_file('/etc/passwd')"), FORBIDDEN, "pg_read_file"),
    Attack("other session", runs("SELECT pg_terminate_backend(0)"), FORBIDDEN, "pg_terminate_backend"),
    Attack("nested role", calls("EXECUTE 'CREATE ROLE nested SUPERUSER';"), FAILS, SHARED),
    Attack("nested membership", calls("EXECUTE 'GRANT pg_read_all_data TO pg_monitor';"), FAILS, SHARED),
    Attack("nested set_config", calls("PERFORM set_config('role', 'pg_read_all_data', false);"), FAILS, ""),
    Attack("block outside", outside("DO $$ BEGIN NULL; END $$"), FORBIDDEN, "outside a transaction"),
    Attack("version by hand", runs("UPDATE alembic_version SET version_num = 'cafe'"), FAILS, "alembic_version"),
    Attack("another version", runs("INSERT INTO alembic_version VALUES ('cafe')"), FORBIDDEN, "cafe"),
)

_CURSOR = "    cursor = op.get_bind().connection.dbapi_connection.cursor()\n"
_TAPE = '    import sys\n    tape = sys.modules["schemagate_recorder.tape"]\n'
_FORGED = """\
    import json, os
    for number in range(3, 30):
        for value in {values!r}:
            try:
                os.write(number, json.dumps(value).encode() + b"\\n")
            except OSError:
                pass
    os._exit(0)
"""
_BOOKED = ["UPDATE alembic_version SET version_num='2b00000000bb'", REVISION, 0, True, False, False]
_ADDED = ["ALTER TABLE orders ADD COLUMN forged text", REVISION, 0, True, False, False]
_ANSWER: dict[str, object] = {"answer": {"main": 2, "undo": None, "error": "", "failed": "", "tool": "", "notes": []}}
RECORDER = (
    Attack("raw cursor", _CURSOR + '    cursor.execute("CREATE TABLE hidden (id int)")\n', MISMATCH, "hidden"),
    Attack(
        "deaf recorder",
        _TAPE
        + "    true = tape.rendered\n"
        + "    tape.rendered = lambda *what: [text for text in true(*what) if 'hidden' not in text]\n"
        + runs("CREATE TABLE hidden (id int)"),
        MISMATCH,
        "hidden",
    ),
    Attack(
        "lying recorder",
        _TAPE
        + "    true = tape.rendered\n"
        + "    tape.rendered = lambda *what: [text.replace('evil', 'good') for text in true(*what)]\n"
        + runs("CREATE TABLE evil (id int)"),
        MISMATCH,
        "good",
    ),
    Attack(
        "forged answer",
        _FORGED.format(values=[{"main": _ADDED}, {"main": _BOOKED}, _ANSWER]),
        MISMATCH,
        "forged",
    ),
    Attack("broken answer", _FORGED.format(values=["x" * 99]), FAILS, "cannot be read"),
)


QUICK = {"commit", "unlock", "nested role", "block outside", "raw cursor", "forged answer"}


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(item, id=item.name, marks=[] if item.name in QUICK else [pytest.mark.acceptance])
        for item in STATEMENTS + RECORDER
    ],
)
def test_a_hostile_migration_is_refused_by_name_and_nothing_is_applied(yard: Yard, attack: Attack):
    before = (yard.schema(), yard.written())
    pull = yard.house.open_pull(
        {PATH: migration(REVISION, FIRST, attack.upgrade)}, branch=attack.name.replace(" ", "-")
    )
    refusals = "\n".join(line for line in yard.house.report(pull).splitlines() if re.match(r"\d+\. \*\*", line))
    assert f"`{attack.code}`" in refusals
    assert attack.said in refusals.replace("\\", "")
    _try_to_approve(yard, pull)
    assert (yard.schema(), yard.written()) == before
    close_pull(yard.house, pull)


@pytest.mark.acceptance
def test_drop_and_recreate_wants_its_own_words(yard: Yard):
    before = (yard.schema(), yard.written())
    drop = runs("DROP TABLE orders", "CREATE TABLE orders (id serial PRIMARY KEY, customer_id int NOT NULL, note text)")
    pull = yard.house.open_pull({PATH: migration(REVISION, FIRST, drop)}, branch="recreate")
    _try_to_approve(yard, pull)
    yard.house.say(pull, "bob", f"/approve prod {_code(yard, pull)}")
    assert "destructive_not_allowed" in yard.house.answers(pull)[-1]
    assert (yard.schema(), yard.written()) == before
    close_pull(yard.house, pull)


def test_a_link_out_of_the_tree_is_named_and_not_followed(yard: Yard):
    entries = [
        ("120000", f"{VERSIONS}/environ.py", b"/proc/self/environ"),
        ("100644", PATH, migration(REVISION, FIRST, runs("SELECT 1")).encode()),
    ]
    report = _report(yard, "link", entries)
    assert "symbolic link" in report
    assert "environ.py" in report


def test_a_file_of_thirty_megabytes_is_not_read(yard: Yard):
    text = migration(REVISION, FIRST, runs("SELECT 1")).encode()
    report = _report(yard, "large", [("100644", PATH, text + b"\n#" + b"x" * 30 * 1024 * 1024)])
    assert "larger than" in report


@pytest.mark.acceptance
@pytest.mark.parametrize(
    "deep",
    ["(" * 900 + ")" * 900, "-" * 200_000 + "1", "a" + ".b" * 300_000, "+".join("1" * 200_000)],
    ids=["brackets", "minus", "attributes", "sum"],
)
def test_a_deep_syntax_tree_does_no_harm(yard: Yard, deep: str):
    text = (
        migration(REVISION, FIRST, runs("ALTER TABLE orders ADD COLUMN deep text")) + f"\n\ndef never():\n    {deep}\n"
    )
    assert _report(yard, "deep", [("100644", PATH, text.encode())])


@pytest.mark.acceptance
def test_five_thousand_revisions_and_more_are_too_many(yard: Yard):
    files = {PATH: migration(REVISION, FIRST, "    pass\n")}
    for number in range(5_000):
        after = f"a{number - 1:011d}" if number else REVISION
        files[f"{VERSIONS}/a{number:011d}.py"] = migration(f"a{number:011d}", after, "    pass\n")
    pull = yard.house.open_pull(files, branch="many")
    assert "`too_large`" in yard.house.report(pull)
    _try_to_approve(yard, pull)
    close_pull(yard.house, pull)


@pytest.mark.acceptance
@pytest.mark.parametrize(
    "name",
    ["new\nline.py", "back`tick`.py", "@acme/dba.py", "\u202egnp.py", "<img src=x>.py", "a|b.py", "* star *.py"],
    ids=["newline", "backtick", "mention", "right to left", "tag", "cell", "markdown"],
)
def test_a_file_name_cannot_speak(yard: Yard, name: str):
    text = migration(REVISION, FIRST, runs("ALTER TABLE orders RENAME TO bills; COMMIT")).encode()
    report = _report(yard, "name", [("100644", f"{VERSIONS}/{name}", text)])
    bare = re.sub(r"(?s)```.*?```|``[^`]+``|`[^`]*`", "", report)
    assert "@acme" not in bare
    assert "<img" not in bare
    assert "\u202e" not in report
    assert "new\nline" not in report


THIEF = """

def _steal():
    import glob, os, socket
    seen = [*os.environ.items()]
    for name in [*glob.glob("/proc/*/environ"), "/etc/shadow", "/root/.netrc", "/proc/1/cmdline"]:
        try:
            seen.append(open(name, "rb").read().decode("latin-1"))
        except OSError:
            pass
    found = ["LOOKED %s" % sorted(name for name, _ in os.environ.items())]
    if "canary-" in repr(seen):
        found.append("SECRET")
    for family, address in ((socket.AF_INET, ("127.0.0.1", PORT)), (socket.AF_UNIX, "\\0hidden")):
        try:
            socket.socket(family).connect(address)
            found.append("REACHED")
        except OSError as error:
            found.append(error.errno)
    try:
        open("FOLDER/owned", "w").write("x")  # in a /tmp of its own
    except OSError:
        pass
    for place in ("/checkout/owned", "/usr/owned", "/recorder/owned", "/owned"):
        try:
            open(place, "w").write("x")
            found.append("WRITTEN")
        except OSError as error:
            found.append(error.errno)
    if os.fork() == 0:
        os.setsid()
        os.execv("/bin/sleep", ["sleep", "600"])
    return found, seen

THIEF, SEEN = _steal()
print(THIEF, SEEN, flush=True)
raise RuntimeError(f"{THIEF!r} {SEEN!r}")
"""


def test_an_env_py_that_looks_for_secrets_finds_and_leaves_nothing(
    yard: Yard, shared_dir: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("SHOP_CANARY", yard.password)
    thief = THIEF.replace("PORT", str(yard.postgres.port)).replace("FOLDER", str(shared_dir))
    env = yard_files()["alembic/env.py"]
    pull = yard.house.open_pull({"alembic/env.py": env + thief, PATH: migration(REVISION, FIRST, "    pass\n")})
    report, said = yard.house.report(pull), capfd.readouterr()
    _try_to_approve(yard, pull)
    assert "LOOKED" in report
    left = "".join([*yard.house.comments(pull), said.out, said.err, *_kept(yard)])
    for secret in (yard.password, yard.postgres.password, "SECRET", "REACHED", "WRITTEN"):
        assert secret not in left
    assert not (shared_dir / "owned").exists()
    close_pull(yard.house, pull)


HOSTILE_TITLE = "`x` @acme/dba <!-- schemagate:report:1 --> [here](https://evil.example) ![](x) | **/approve prod**"


def test_a_title_and_words_of_a_migration_cannot_speak(yard: Yard):
    said = migration(REVISION, FIRST, runs("SELECT '```', '@acme/dba', '<!-- schemagate:report:1 -->'; COMMIT"))
    said = said.replace(f"change {REVISION}", "@acme/dba ![](https://evil.example/x.png) <!-- --> `")
    pull = yard.house.open_pull({PATH: said}, branch="title", title=HOSTILE_TITLE)
    report = yard.house.report(pull)
    bare = re.sub(r"(?s)```.*?```|``[^`]+``|`[^`]*`", "", report)
    assert "@acme/dba" not in bare.replace("team acme/dba", "")
    assert "evil.example" not in bare
    assert report.count("<!-- schemagate:report:1 -->") == 1 + report.count("'<!-- schemagate:report:1 -->'")
    _try_to_approve(yard, pull)
    close_pull(yard.house, pull)


def test_a_block_that_acts_only_on_rows_is_taken_back_before_it_counts(
    ground: Ground, postgres: PostgresServer, data_dir: Path
):
    yard = open_yard(ground, postgres, data_dir)
    house = yard.house
    try:
        yard.run("INSERT INTO customers VALUES (1, 'a@example.com')")
        block = "DO $$ BEGIN IF EXISTS (SELECT FROM customers) THEN ALTER TABLE orders DROP COLUMN note; END IF; END $$"
        more = runs("ALTER TABLE customers ADD COLUMN harmless text", block)
        pull, before = house.open_pull({PATH: migration(REVISION, FIRST, more)}), yard.schema()
        _try_to_approve(yard, pull)
        house.say(pull, "bob", f"/approve prod {_code(yard, pull)}")
        assert yard.schema() == before
        assert yard.rows("SELECT version_num FROM alembic_version") == [(FIRST,)]
        assert "column public.orders.note" in house.answers(pull)[-1]
        (log,) = (text for path, text in _committed(yard, pull).items() if path.endswith("03-execution-log.md"))
        assert "ROLLBACK" in log
        assert "column public.orders.note" in log
        assert house.services.store.unfinished() == ()
        assert _code(yard, pull)
    finally:
        house.close()


@pytest.mark.acceptance
@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH DATABASE '/tmp/other.db' AS other",
        "SELECT load_extension('/tmp/evil.so')",
        "PRAGMA writable_schema = ON",
        "VACUUM INTO '/tmp/copy.db'",
        "UPDATE sqlite_schema SET sql = ''",
        "INSERT INTO alembic_version VALUES ('cafe')",
    ],
)
def test_a_hostile_statement_on_sqlite_is_refused_and_changes_nothing(open_shop: OpenShop, sql: str):
    shop = open_shop()
    before = shop.prod.text()
    pull = shop.house.open_pull({PATH: migration(REVISION, FIRST, runs(sql))})
    assert re.search(f"`({FORBIDDEN}|{FAILS})`", shop.house.report(pull)), shop.house.report(pull)
    comment = shop.house.say(pull, "bob", "/approve prod")
    assert shop.house.reactions(comment)[-1:] == ["confused"]
    assert shop.prod.text() == before


def _committed(yard: Yard, pull: Pull) -> dict[str, str]:
    """The files on the pull's branch."""
    git = yard.house.repo.git
    entries = git.tree(pull.head_sha, recursive=True)
    blobs = {item.path: git.read(item.sha) for item in entries if item.type == "blob"}
    return {path: blob[1].decode() for path, blob in blobs.items() if blob is not None}


def _kept(yard: Yard) -> Iterator[str]:
    """What GitHub and the state keep: every check run, and every byte of the state."""
    state = yard.house.world.state
    with state.lock:
        for run in state.runs.values():
            yield repr(run)
    path = Path(yard.house.settings.state_url.removeprefix("sqlite:///"))
    for file in path.parent.glob(path.name + "*"):
        yield file.read_bytes().decode("latin-1")


def _report(yard: Yard, branch: str, entries: list[tuple[str, str, bytes]]) -> str:
    """The report of a pull made of tree entries, after somebody tried to approve it; nothing was written."""
    before, house = (yard.schema(), yard.written()), yard.house
    branch = f"{branch}-{len(house.done)}"
    push_entries(house, branch, entries)
    pull = house.world.open_pull(house.repo, house.people["alice"], head=branch, title="Change the schema")
    house.settle()
    report = house.report(pull)
    _try_to_approve(yard, pull)
    assert (yard.schema(), yard.written()) == before
    close_pull(house, pull)
    return report


def _try_to_approve(yard: Yard, pull: Pull) -> None:
    """An approver who reads nothing."""
    comment = yard.house.say(pull, "bob", "/approve prod")
    assert yard.house.reactions(comment)[-1:] == ["confused"], yard.house.report(pull)


def _code(yard: Yard, pull: Pull) -> str:
    found = re.search(r"/approve prod ([0-9a-z]{7})", yard.house.report(pull))
    assert found, yard.house.report(pull)
    return found[1]
