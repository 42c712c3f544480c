"""The revision that autogenerate would write for models which are ahead of their migrations."""

from __future__ import annotations

import pytest

from tests.sources.alembic.conftest import Record
from tests.sources.alembic.projects import HEAD, shop
from workers.core.examination import Suggested
from workers.ports import History, Revision, ScratchAddress
from workers.sources.alembic.history import order
from workers.sources.alembic.output import Said
from workers.sources.alembic.revisions import read_revision
from workers.sources.alembic.suggested import silence, suggested

MODELS, ENV, INI = "shop/models.py", "alembic/env.py", "alembic.ini"
NEW = """

class Voucher(Base):
    __tablename__ = "vouchers"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
"""
PATH = "alembic/versions/0123456789ab_more.py"
TEXT = f'"""more"""\nrevision = "0123456789ab"\ndown_revision = "{HEAD}"\n'


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> ScratchAddress:
    found: ScratchAddress = request.getfixturevalue(request.param)
    return found


def text_of(path: str) -> str:
    return (shop().read(path) or b"").decode()


def changed(path: str, old: str, new: str) -> dict[str, str | None]:
    assert old in text_of(path)
    return {path: text_of(path).replace(old, new, 1)}


def ahead() -> dict[str, str | None]:
    """Models with a table and a column that no migration makes."""
    return {MODELS: text_of(MODELS) + "    delivery: Mapped[str | None] = mapped_column(String(40))\n" + NEW}


@pytest.mark.sandbox
def test_the_file_committed_leaves_nothing_undeclared(record: Record, address: ScratchAddress):
    first = record(shop(ahead()), address, declared=True)
    assert len(first.declared or ()) == 3
    created = first.created
    assert created is not None
    assert created.path.startswith("alembic/versions/")
    assert f"down_revision = '{HEAD}'" in created.text
    committed = record(shop(ahead() | {created.path: created.text}), address, declared=True, undo_to=(HEAD,))
    assert (committed.error, committed.undo_error, committed.declared, committed.created) == ("", "", (), None)


@pytest.mark.sandbox
def test_the_projects_own_options_template_and_names_count_and_every_run_gives_the_same(
    record: Record, sqlite: ScratchAddress
):
    hook = "def only_vouchers(item, name, kind, *_):\n    return kind != 'column' or item.table.name == 'vouchers'\n\n"
    spoken = "            include_object=only_vouchers,\n            render_item=lambda kind, *_: 'house.TEXT' if kind == 'type' else False,\n"
    env = changed(ENV, "config = context.config\n", f"config = context.config\n{hook}")[ENV] or ""
    env = env.replace("            transaction_per_migration=True,\n", spoken)
    template = (text_of("alembic/script.py.mako") + "\n# ${message}, made ${create_date}\n").replace(
        "import sqlalchemy as sa", "import house\nimport sqlalchemy as sa"
    )
    dated = "alembic/versions/a1c0de000004_add_order_note.py"
    files = {
        ENV: env,
        "alembic/script.py.mako": template,
        dated: text_of(dated).replace('"""', '"""Noted.\n\nCreate Date: 2024-02-29 23:59:59.5\n', 1),
        **changed(INI, "[alembic]\n", "[alembic]\nfile_template = %%(year)d_%%(month).2d_%%(rev)s_%%(slug)s\n"),
    }
    created = record(shop(ahead() | files), sqlite, declared=True).created
    assert created is not None
    assert record(shop(ahead() | files), sqlite, declared=True).created == created
    assert created.path.startswith("alembic/versions/2024_03_")
    assert created.path.endswith("_add_table_vouchers_and_1_more.py")
    assert "house.TEXT" in created.text
    assert "delivery" not in created.text
    assert "# add table vouchers and 1 more, made 2024-03-01 00:00:00" in created.text


@pytest.mark.acceptance
@pytest.mark.sandbox
def test_a_project_without_a_template_gets_alembics_own(record: Record, sqlite: ScratchAddress):
    created = record(shop(ahead() | {"alembic/script.py.mako": None}), sqlite, declared=True).created
    assert created is not None
    assert "op.create_table('vouchers'" in created.text


@pytest.mark.sandbox
def test_a_hook_that_leaves_nothing_is_said_and_the_differences_still_stand(record: Record, sqlite: ScratchAddress):
    old = "            transaction_per_migration=True,\n"
    hook = "            process_revision_directives=lambda context, revision, made: made.clear(),\n"
    found = record(shop(ahead() | changed(ENV, old, hook)), sqlite, declared=True)
    assert (len(found.declared or ()), found.created) == (3, None)
    assert "process_revision_directives leaves 0 revisions" in found.uncompared[0]


def test_only_a_revision_that_follows_the_newest_one_is_shown():
    assert suggested(said(PATH, TEXT), history()) == (Suggested(PATH, TEXT), ())
    assert suggested(said(PATH, TEXT, declared=()), history()) == (None, ())


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("", "", "it is too long"),
        ("/etc/cron.d/x.py", TEXT, "Python file of this repository"),
        ("alembic/../../x.py", TEXT, "Python file of this repository"),
        (".github/workflows/x.yml", TEXT, "Python file of this repository"),
        (PATH, TEXT.replace(HEAD, "a1c0de000001"), "does not follow the newest"),
        (PATH, TEXT.replace("0123456789ab", HEAD), "does not follow the newest"),
        (PATH, "not Python at all", "not valid Python"),
        (PATH, f"{TEXT}url = 'postgresql://shop:hunter22@db/shop'\n", "a secret"),
    ],
)
def test_a_text_that_is_no_such_revision_is_not_shown_but_said(path: str, text: str, why: str):
    created, notes = suggested(said(path, text), history())
    assert created is None
    assert why in notes[0]
    assert "hunter22" not in notes[0]


def test_of_what_the_comparison_is_silent_is_said_in_known_words_only():
    assert "CHECK" in silence(said(PATH, TEXT))
    assert "env.py" not in silence(said(PATH, TEXT, uncompared=("@everybody",)))
    assert "nor column types, which env.py leaves off" in silence(said(PATH, TEXT, uncompared=("column types",)))


def history() -> History:
    found = read_revision("alembic/versions/a.py", f"revision = {HEAD!r}\ndown_revision = None\n".encode())
    assert isinstance(found, Revision)
    return order([found])


def said(
    path: str, text: str, *, declared: tuple[str, ...] = ("add_table t",), uncompared: tuple[str, ...] = ()
) -> Said:
    return Said(
        main=(),
        undo=None,
        undo_error="",
        declared=declared,
        declared_error="",
        failed="",
        error="",
        tool="",
        notes=(),
        suggested=(path, text),
        suggested_error="",
        uncompared=uncompared,
    )
