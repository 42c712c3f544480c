"""Rows of many types, written in every way that revisions write rows."""

import datetime as dt
import decimal
import enum
import uuid

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "typed"
down_revision = "a1c0de000004"


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


FIRST = {
    "id": 1,
    "text": "it's \\ \"x\" %s %% $1 :y ? ö\n",
    "flag": True,
    "small": -5,
    "big": 2**60,
    "real": 1e-300,
    "money": decimal.Decimal("-12.340"),
    "raw": b"\x00\xff'",
    "day": dt.date(2026, 2, 28),
    "at": dt.datetime(2026, 1, 2, 3, 4, 5, 678),
    "clock": dt.time(1, 2, 3),
    "mood": Mood.BAD,
}
SECOND = {
    "id": 2,
    "text": "",
    "flag": False,
    "small": 0,
    "big": -(2**62),
    "real": 0.1,
    "money": decimal.Decimal("1E+3"),
    "raw": b"",
    "day": dt.date(1, 1, 1),
    "at": dt.datetime(9999, 12, 31),
    "clock": dt.time(23, 59, 59, 999999),
    "mood": Mood.GOOD,
}
EMPTY = dict.fromkeys(FIRST) | {"id": 3, "real": -2.5e17}
ONLY_POSTGRESQL = {
    "zoned": dt.datetime(2026, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30))),
    "span": dt.timedelta(days=-3, seconds=5, microseconds=7),
    "uid": uuid.UUID(int=5),
    "doc": {"a": [1, None, "it's \\ %"]},
    "old": [1.5, {"k": "v"}],
    "words": ["a", 'b"c', "d\\e", None, "", "NULL", "{,}"],
    "nums": [1, None, -3],
}


def columns(postgresql):
    yield sa.Column("id", sa.Integer, primary_key=True)
    yield sa.Column("text", sa.Text)
    yield sa.Column("flag", sa.Boolean)
    yield sa.Column("small", sa.SmallInteger)
    yield sa.Column("big", sa.BigInteger)
    yield sa.Column("real", sa.Float(53))
    yield sa.Column("money", sa.Numeric(12, 3))
    yield sa.Column("raw", sa.LargeBinary)
    yield sa.Column("day", sa.Date)
    yield sa.Column("at", sa.DateTime)
    yield sa.Column("clock", sa.Time)
    yield sa.Column("mood", sa.Enum(Mood, name="mood"))
    if postgresql:
        yield sa.Column("zoned", sa.DateTime(timezone=True))
        yield sa.Column("span", sa.Interval)
        yield sa.Column("uid", pg.UUID(as_uuid=True))
        yield sa.Column("doc", pg.JSONB)
        yield sa.Column("old", sa.JSON)
        yield sa.Column("words", pg.ARRAY(sa.Text))
        yield sa.Column("nums", pg.ARRAY(sa.Integer))


def upgrade():
    bind = op.get_bind()
    postgresql = bind.dialect.name == "postgresql"
    typed = op.create_table("typed", *columns(postgresql))
    op.bulk_insert(typed, [FIRST | (ONLY_POSTGRESQL if postgresql else {})])
    op.bulk_insert(typed, [SECOND, EMPTY])
    bind.execute(typed.insert().values(**(FIRST | {"id": 4})))
    bind.execute(sa.text("UPDATE typed SET text = :new || ' not %' WHERE id = :id"), {"new": "now'", "id": 2})
    bind.execute(sa.text("UPDATE typed SET small = :n WHERE id = :id"), [{"n": 1, "id": 2}, {"n": -2, "id": 3}])
    doubled = typed.update().where(typed.c.id.in_([2, 3]), typed.c.text.like("%'%"))
    bind.execute(doubled.values(real=typed.c.real * 2))


def downgrade():
    op.drop_table("typed")
