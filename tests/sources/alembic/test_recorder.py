"""What the recorder writes down of a project's migrations, on real databases."""

from __future__ import annotations

import pytest

from tests.sources.alembic.conftest import Record
from tests.sources.alembic.projects import HEAD, module, revision, shop, tree
from workers.ports import RecordDirection, RecordedStatement, Recording, ScratchAddress

pytestmark = pytest.mark.sandbox


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> ScratchAddress:
    found: ScratchAddress = request.getfixturevalue(request.param)
    return found


def of(found: Recording, name: str) -> list[RecordedStatement]:
    """A revision's statements without Alembic's own bookkeeping."""
    assert (found.error, found.failed) == ("", "")
    return [item for item in found.statements if item.revision == name and "alembic_version" not in item.sql]


def env_file(old: str, new: str) -> str:
    """The sample's env.py with one text replaced."""
    text = (shop().read("alembic/env.py") or b"").decode()
    assert old in text
    return text.replace(old, new, 1)


def texts(found: Recording, name: str) -> list[str]:
    return [" ".join(item.sql.split()) for item in of(found, name)]


def test_a_whole_history_is_recorded_with_its_revisions_transactions_and_way_back(
    record: Record, address: ScratchAddress
):
    found = record(shop(), address, declared=True, undo_to=())
    assert (found.error, found.failed, found.undo_error, found.declared_error) == ("", "", "", "")
    assert found.declared == ()
    names = list(dict.fromkeys(item.revision for item in found.statements if item.revision))
    assert names == [f"a1c0de00000{number}" for number in (1, 2, 3, 4)]
    assert found.statements[0].sql.startswith("CREATE TABLE alembic_version")
    assert all(item.transactional and not item.read for item in found.statements)
    assert [item.group for item in found.statements if item.sql.startswith("UPDATE alembic_version")] == [1, 2, 3]
    undone = list(dict.fromkeys(item.revision for item in found.undo or ()))
    assert undone == [f"a1c0de00000{number}" for number in (4, 3, 2, 1)]
    assert (found.undo or ())[-1].sql.startswith("DELETE FROM alembic_version")
    assert found.tool.startswith("alembic 1.")
    assert found.notes == ()


def test_only_what_is_wanted_is_run_and_the_way_back_stops_where_it_began(record: Record, sqlite: ScratchAddress):
    first = record(shop(), sqlite, to=("a1c0de000002",))
    assert {item.revision for item in first.statements} == {"", "a1c0de000001", "a1c0de000002"}
    second = record(shop(), sqlite, to=(HEAD,), undo_to=("a1c0de000002",))
    assert {item.revision for item in second.statements} == {"a1c0de000003", HEAD}
    assert {item.revision for item in second.undo or ()} == {"a1c0de000003", HEAD}
    record(shop(), sqlite, to=(HEAD,))
    down = record(shop(), sqlite, direction=RecordDirection.DOWNGRADE, to=("a1c0de000003",))
    assert {item.revision for item in down.statements} == {HEAD}


def test_branches_are_left_together_and_in_order(record: Record, sqlite: ScratchAddress):
    merge = {
        "alembic/versions/m.py": 'revision = "m"\ndown_revision = ("b1", "b2")\ndef upgrade(): pass\ndef downgrade(): pass\n'
    }
    files = shop(revision("b1") | revision("b2") | merge)
    found = record(files, sqlite, undo_to=(HEAD,))
    assert (found.error, found.undo_error) == ("", "")
    assert [item.sql for item in found.undo or ()][-1].startswith(("UPDATE", "DELETE"))
    left = list(dict.fromkeys(item.revision for item in found.undo or ()))
    assert left[0] == "m"
    assert set(left) == {"m", "b1", "b2"}
    again = record(files, sqlite)
    assert list(dict.fromkeys(item.revision for item in again.statements))[-1] == "m"


def test_an_error_names_the_revision_the_line_and_what_was_sent_before(record: Record, address: ScratchAddress):
    up = 'op.execute("CREATE TABLE before_it (id integer)")\nop.execute("ALTER TABLE missing ADD COLUMN x integer")'
    found = record(shop(revision("bad", up=up)), address, undo_to=(), declared=True)
    assert found.failed == "bad"
    assert "missing" in found.error
    assert "[SQL" not in found.error
    assert "alembic/versions/bad.py, line" in found.error
    assert any("before_it" in item.sql for item in found.statements)
    assert (found.undo, found.declared) == (None, None)


def test_a_way_back_that_fails_is_said_and_the_way_there_still_stands(record: Record, sqlite: ScratchAddress):
    files = shop(
        revision("one", up='op.execute("CREATE TABLE t (id integer)")', undo='raise RuntimeError("no way back")')
    )
    found = record(files, sqlite, undo_to=(HEAD,))
    assert texts(found, "one") == ["CREATE TABLE t (id integer)"]
    assert found.undo is None
    assert found.undo_error.startswith("Revision one: RuntimeError: no way back (alembic/versions/one.py, line")


ASK = """
bind = op.get_bind()
names = sa.inspect(bind).get_table_names()
if bind.execute(sa.text("SELECT count(*) FROM customers")).scalar() == 0:
    op.execute("CREATE TABLE nobody (id integer)")
""".strip()
COUNT = """
if op.get_bind().execute(sa.text("UPDATE customers SET name = 'x'")).rowcount:
    op.execute("CREATE TABLE somebody (id integer)")
""".strip()
BLIND = """
table = sa.table("customers", sa.column("id"), sa.column("email"))
op.get_bind().execute(sa.text("UPDATE customers SET name = NULL"))
op.get_bind().execute(sa.insert(table).values(id=1, email="a@b"))
""".strip()


def test_what_a_revision_asks_of_the_projects_rows_is_a_read(record: Record, address: ScratchAddress):
    files = shop(revision("ask", up=ASK) | revision("count", "ask", up=COUNT) | revision("blind", "count", up=BLIND))
    found = record(files, address)
    # The catalog was asked as well; its answers follow from the schema.
    assert [(item.sql, item.read) for item in of(found, "ask")] == [
        ("SELECT count(*) FROM customers", True),
        ("CREATE TABLE nobody (id integer)", False),
    ]
    # A row count that is looked at depends on the rows as a query does.
    assert [(item.sql, item.read) for item in of(found, "count")] == [
        ("UPDATE customers SET name = 'x'", False),
        ('SELECT count(*) FROM "customers"', True),
    ]
    assert "Revision count looks at what one of its writes came back with." in found.notes
    assert [item.read for item in of(found, "blind")] == [False, False]


SEQUENCE = """
op.execute("SELECT setval('customers_id_seq', 5)")
op.get_bind().execute(sa.text("SELECT setval('customers_id_seq', 6)")).scalar()
""".strip()
STREAM = 'list(op.get_bind().execute(sa.text("SELECT id FROM customers").execution_options(stream_results=True)))'
AUTOCOMMIT = """
op.execute("CREATE TABLE t (id integer)")
with op.get_context().autocommit_block():
    op.create_index("t_id", "t", ["id"], postgresql_concurrently=True)
op.execute("CREATE TABLE u (id integer)")
""".strip()
SAVEPOINT = """
bind = op.get_bind()
with bind.begin_nested():
    bind.execute(sa.text("CREATE TABLE kept (id integer)"))
try:
    with bind.begin_nested():
        bind.execute(sa.text("CREATE TABLE gone (id integer)"))
        bind.execute(sa.text("SELECT 1/0"))
except Exception:
    pass
""".strip()
SEVERAL = 'op.execute("CREATE TABLE one (id integer); CREATE TABLE two (id integer)")'


def test_statements_that_only_postgresql_has(record: Record, postgresql: ScratchAddress):
    ups = {"sequence": SEQUENCE, "stream": STREAM, "auto": AUTOCOMMIT, "save": SAVEPOINT, "several": SEVERAL}
    files: dict[str, str | None] = {}
    for name, down in zip(ups, (HEAD, *ups), strict=False):
        files |= revision(name, down, up=ups[name])
    found = record(shop(files), postgresql)
    assert [item.read for item in of(found, "sequence")] == [False, False], "a SELECT run for its effect is a statement"
    assert [item.read for item in of(found, "stream")] == [True], "a server-side cursor reads, too"
    assert [item.transactional for item in of(found, "auto")] == [True, False, True]
    assert len({item.group for item in of(found, "auto")}) == 3
    assert texts(found, "save") == ["CREATE TABLE kept (id integer)"], "what was taken back is not recorded"
    assert len(texts(found, "several")) == 1, "one text stays as it was sent"


def test_batch_mode_on_sqlite_is_copy_and_rename(record: Record, sqlite: ScratchAddress):
    up = 'with op.batch_alter_table("orders") as batch:\n    batch.alter_column("note", nullable=False, existing_type=sa.String(500))'
    words = [text.split(" (")[0].rstrip() for text in texts(record(shop(revision("batch", up=up)), sqlite), "batch")]
    assert words == [
        "CREATE TABLE _alembic_tmp_orders",
        "INSERT INTO _alembic_tmp_orders",
        "DROP TABLE orders",
        "ALTER TABLE _alembic_tmp_orders RENAME TO orders",
        "CREATE INDEX ix_orders_open ON orders",
    ]


LISTENERS = """
from sqlalchemy import event
from sqlalchemy.engine import Engine

@event.listens_for(Engine, "connect")
def own(connection, _record):
    connection.isolation_level = None

@event.listens_for(Engine, "begin")
def begin(connection):
    connection.exec_driver_sql("BEGIN")

@event.listens_for(Engine, "commit")
def commit(connection):
    connection.exec_driver_sql("COMMIT")

"""


def test_a_projects_own_begin_and_pragmas_on_sqlite_are_left_out_and_a_smuggled_commit_is_not(
    record: Record, sqlite: ScratchAddress
):
    env = (
        (shop().read("alembic/env.py") or b"")
        .decode()
        .replace("config = context.config", LISTENERS + "config = context.config")
    )
    up = 'op.execute("PRAGMA foreign_keys=ON")\nop.execute("CREATE TABLE t (id integer)")\nop.execute("COMMIT")\nop.execute("BEGIN")'
    found = record(shop({"alembic/env.py": env} | revision("own", up=up)), sqlite)
    assert texts(found, "own") == ["CREATE TABLE t (id integer)", "COMMIT", "BEGIN"]
    assert not any(item.sql in {"BEGIN", "COMMIT"} for item in found.statements if item.revision != "own")
    assert any("BEGIN and COMMIT" in note for note in found.notes)
    assert any("PRAGMAs" in note for note in found.notes)


def test_a_parameter_without_a_literal_form_is_refused_by_name_even_when_it_is_caught(
    record: Record, sqlite: ScratchAddress
):
    up = (
        "try:\n"
        '    op.get_bind().execute(sa.text("INSERT INTO customers (id, email) VALUES (1, :x)"), {"x": "a\\0b"})\n'
        "except Exception:\n"
        "    pass"
    )
    found = record(shop(revision("odd", up=up)), sqlite)
    assert found.failed == "odd"
    assert "zero character" in found.error


def test_what_the_models_want_is_said_in_words_that_stay_the_same(record: Record, postgresql: ScratchAddress):
    models = (shop().read("shop/models.py") or b"").decode().replace("String(500)", "String(400)")
    models += '\n\nclass Tag(Base):\n    __tablename__ = "tags"\n\n    name: Mapped[str] = mapped_column(String(9), primary_key=True)\n'
    models += "    owner: Mapped[str] = mapped_column(index=True)\n"
    files = shop({"shop/models.py": models})
    found = record(files, postgresql, declared=True).declared
    assert found == record(files, postgresql, declared=True).declared
    assert found is not None
    assert not any(" at 0x" in item for item in found)
    assert "modify_type orders.note: VARCHAR(500) -> VARCHAR(400)" in found
    assert "add_table tags(name VARCHAR(9) NOT NULL, owner VARCHAR NOT NULL)" in found
    assert "add_index ix_tags_owner on tags(tags.owner)" in found


def test_a_project_without_models_says_that_nothing_can_be_compared(record: Record, sqlite: ScratchAddress):
    env = (
        (shop().read("alembic/env.py") or b"")
        .decode()
        .replace("target_metadata = Base.metadata", "target_metadata = None")
    )
    found = record(shop({"alembic/env.py": env}), sqlite, declared=True)
    assert (found.error, found.declared) == ("", None)
    assert "target_metadata" in found.declared_error


EVERY_WAY = """
ways = [
    os.environ["SHOP_URL"],
    context.get_x_argument(as_dictionary=True)["url"],
    config.get_main_option("sqlalchemy.url"),
    config.get_section(config.config_ini_section)["sqlalchemy.url"],
]
assert len(set(ways)) == 1, ways
config.set_main_option("sqlalchemy.url", os.environ["SHOP_URL"].replace("%", "%%"))
target_metadata"""


def test_the_scratch_database_is_found_in_every_way_that_projects_know(record: Record, postgresql: ScratchAddress):
    env = env_file("\ntarget_metadata", EVERY_WAY).replace("from logging", "import os\nfrom logging", 1)
    found = record(shop({"alembic/env.py": env}), postgresql, module=module(url_variables=("SHOP_URL",)))
    assert found.error == ""
    assert len(found.statements) > 8


def test_a_version_table_of_another_name_is_the_projects_own(record: Record, postgresql: ScratchAddress):
    env = env_file("transaction_per_migration=True", 'transaction_per_migration=True, version_table="shop_version"')
    found = record(shop({"alembic/env.py": env}), postgresql)
    assert any(item.sql.startswith("CREATE TABLE shop_version") for item in found.statements)
    again = record(shop({"alembic/env.py": env}), postgresql)
    assert again.statements == ()


def test_a_module_in_a_folder_with_a_src_layout_and_no_ini_file(record: Record, sqlite: ScratchAddress):
    toml = '[tool.alembic]\nscript_location = "%(here)s/migrations"\n'
    files = {"services/shop/pyproject.toml": toml}
    for path, content in shop().files.items():
        moved = path.replace("alembic/", "migrations/").replace("shop/", "src/shop/")
        files |= {} if path == "alembic.ini" else {f"services/shop/{moved}": content.decode()}
    found = record(tree(files), sqlite, module=module("services/shop"), declared=True)
    assert (found.error, found.declared_error, found.declared) == ("", "", ())
    assert len(found.statements) == 13


def test_what_nobody_expects_is_noted(record: Record, postgresql: ScratchAddress):
    env = env_file("    with engine.connect() as connection:", OWN_WRITES)
    up = "op.execute(\"UPDATE alembic_version SET version_num = 'elsewhere'\")\n"
    up += f"op.execute(\"UPDATE alembic_version SET version_num = '{HEAD}'\")"
    ini = (shop().read("alembic.ini") or b"").decode().replace("user:pass@", "app:hunter2@")
    found = record(shop({"alembic/env.py": env, "alembic.ini": ini} | revision("odd", up=up)), postgresql)
    assert (found.error, found.failed) == ("", "")
    assert "env.py sends statements of its own besides the migrations: CREATE." in found.notes
    assert "Revision odd writes to the version table what the history does not say." in found.notes
    assert any("`alembic.ini` holds a password" in note for note in found.notes)
    assert not any("hunter2" in note for note in found.notes)


OWN_WRITES = """    with engine.begin() as own:
        own.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS extra")
    with engine.connect() as connection:"""
