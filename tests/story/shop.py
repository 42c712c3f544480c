"""A small shop on SQLite, as other people would write it: its first commit, and the changes that pulls bring."""

from __future__ import annotations

from tests.story.house import SAMPLE

FIRST = "1a00000000aa"
APPROVERS = 'approvers: ["@alice", "@bob", "@grace", "acme/dba"]'
CONFIG = ".github/schemagate.yml"
_VERSIONS = "alembic/versions"
_MODELS = """\
from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    email: Mapped[str] = mapped_column(String(320))


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    note: Mapped[str | None] = mapped_column(Text)
"""
_FIRST_UP = """\
    op.create_table(
        "customers", sa.Column("id", sa.Integer, primary_key=True), sa.Column("email", sa.String(320), nullable=False)
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("customer_id", sa.Integer, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("note", sa.Text),
    )
"""
_FIRST_DOWN = '    op.drop_table("orders")\n    op.drop_table("customers")\n'
_NOTE = "    note: Mapped[str | None] = mapped_column(Text)\n"


def shop_files(config: str = "", url: str = "sqlite:///shop.db") -> dict[str, str]:
    """The first commit, of a project that says in its ini file which engine it is written for."""
    files = {name: (SAMPLE / name).read_text() for name in ("alembic.ini", "alembic/env.py", "alembic/script.py.mako")}
    files["alembic.ini"] = files["alembic.ini"].replace("postgresql+psycopg://localhost/shop", url)
    return files | {
        CONFIG: config or shop_config(),
        "README.md": "# shop\n",
        "shop/__init__.py": "",
        "shop/models.py": _MODELS,
        f"{_VERSIONS}/{FIRST}_first.py": migration(FIRST, None, _FIRST_UP, _FIRST_DOWN),
    }


def shop_config(*, branches: str = "", **environments: str) -> str:
    """A configuration; an environment's rules as they stand inside the braces, the approvers of everybody where it names none."""
    lines = ["version: 1", *([f"branches: [{branches}]"] if branches else [])]
    lines += ["modules:", "  - id: shop", "    source: alembic", "    environments:"]
    for name, rules in (environments or {"prod": ""}).items():
        words = rules if "approvers:" in rules else ", ".join(filter(None, (APPROVERS, rules)))
        lines.append(f"      {name}: {{{words}}}")
    return "\n".join(lines) + "\n"


def migration(revision: str, after: str | None, upgrade: str, downgrade: str = "    pass\n") -> str:
    """The text of a migration."""
    return (
        f'"""change {revision}"""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        f'revision = "{revision}"\ndown_revision = {after!r}\nbranch_labels = None\ndepends_on = None\n\n\n'
        f"def upgrade() -> None:\n{upgrade}\n\ndef downgrade() -> None:\n{downgrade}"
    )


def add_column(name: str = "delivery", *, revision: str = "2b00000000bb", after: str = FIRST) -> dict[str, str | None]:
    """A pull that only adds: a column of orders."""
    up = f'    op.add_column("orders", sa.Column("{name}", sa.Text, nullable=True))\n'
    down = f'    op.drop_column("orders", "{name}")\n'
    column = _NOTE.replace("note", name)
    return {
        f"{_VERSIONS}/{revision}_change.py": migration(revision, after, up, down),
        "shop/models.py": _MODELS.replace(_NOTE, _NOTE + column),
    }


def drop_column(*, revision: str = "2b00000000bb") -> dict[str, str | None]:
    """A pull that destroys: the notes of orders."""
    up, down = '    op.drop_column("orders", "note")\n', '    op.add_column("orders", sa.Column("note", sa.Text))\n'
    return {
        f"{_VERSIONS}/{revision}_change.py": migration(revision, FIRST, up, down),
        "shop/models.py": _MODELS.replace(_NOTE, ""),
    }


def insert_row(*, revision: str = "2b00000000bb") -> dict[str, str | None]:
    """A pull that neither destroys nor only adds: it writes a row."""
    up = "    op.execute(\"INSERT INTO customers (id, email) VALUES (1, 'house@example.com')\")\n"
    down = '    op.execute("DELETE FROM customers WHERE id = 1")\n'
    return {f"{_VERSIONS}/{revision}_change.py": migration(revision, FIRST, up, down)}
