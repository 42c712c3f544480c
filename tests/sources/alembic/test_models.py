"""Which line of a pull's Python a difference of autogenerate's is about."""

from __future__ import annotations

import pytest

from workers.sources.alembic.models import place_in

TEXT = b"""\
import sqlalchemy as sa

class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    given: Mapped[str] = mapped_column("stored", sa.Text)
    old = sa.Column(sa.Text)

class LineItem(SQLModel, table=True):
    pass

events = sa.Table(
    "events", metadata,
    sa.Column("id", sa.Integer),
    sa.Column("what", sa.Text),
)
"""


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("add_column orders.old TEXT", 8),
        ("add_column shop.orders.stored TEXT NOT NULL", 7),
        ("modify_nullable orders.old: True -> False", 8),
        ("modify_nullable orders.old: True -> False; modify_type orders.old: TEXT -> INTEGER", 8),
        ("add_column orders.from_a_mixin TEXT", 3),
        ("add_table orders(id INTEGER NOT NULL, stored TEXT)", 3),
        ("add_index unique ix on orders(old)", 3),
        ("add_fk ForeignKeyConstraint None on orders(id) -> customers.id", 3),
        ("remove_column orders.old TEXT", 8),
        ("remove_column orders.gone TEXT", None),
        ("add_table line_item(id INTEGER)", 10),
        ("add_table lineitem(id INTEGER)", 10),
        ("add_column events.what TEXT", 16),
        ("add_table unknown(id INTEGER)", None),
        ("no words of autogenerate's", None),
    ],
)
def test_a_difference_is_found_in_classes_and_tables(entry: str, line: int | None):
    assert place_in("shop/models.py", TEXT, entry) == (("shop/models.py", line) if line else None)


@pytest.mark.parametrize("content", [b"class (", b"\0", b"(" * 5000, b"x" * (1 << 21), b"\xff\xfe"])
def test_a_file_that_is_no_python_has_no_place(content: bytes):
    assert place_in("shop/models.py", content, "add_table orders(id INTEGER)") is None
