"""Tables with their columns, partitions and sequences: one query for each kind."""

from __future__ import annotations

import re
from collections import defaultdict

from workers.core.schema import ObjectKind, SchemaObject
from workers.databases.mysql.catalog_frame import Frame, Row
from workers.databases.mysql.elsewhere import is_elsewhere, leads_to, options
from workers.databases.mysql.spelling import collation, default_of, moment, on_update, quoted, type_of, unqualified

_DATABASE = """SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()"""
_TABLES = """SELECT TABLE_NAME, TABLE_TYPE, ENGINE, ROW_FORMAT, TABLE_COLLATION, CREATE_OPTIONS, TABLE_COMMENT
    FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"""
_COLUMNS = """SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, COLLATION_NAME, COLUMN_COMMENT,
        GENERATION_EXPRESSION, {} FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"""
_PARTITIONS = """SELECT TABLE_NAME, PARTITION_NAME, SUBPARTITION_NAME, PARTITION_METHOD, SUBPARTITION_METHOD, PARTITION_EXPRESSION,
        SUBPARTITION_EXPRESSION, PARTITION_DESCRIPTION, PARTITION_COMMENT
    FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() AND PARTITION_NAME IS NOT NULL
    ORDER BY TABLE_NAME, PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION"""
_SEQUENCE = """SELECT {}, start_value, increment, minimum_value, maximum_value, cache_size, cycle_option FROM {}"""
_BASE = frozenset({"BASE TABLE", "SYSTEM VERSIONED"})
# What Aria says of a table by itself, in one server's words or another's.
_ARIA = frozenset({"page_checksum=1", "transactional=1"})
_SECRET = re.compile(r"^(?:connection|password)=", re.IGNORECASE)


def database(frame: Frame) -> list[SchemaObject]:
    """Read what new tables of this database begin with."""
    return [
        frame.made(ObjectKind.DATABASE, ("database",), collation=collation(name)) for (name,) in frame.rows(_DATABASE)
    ]


def tables(frame: Frame) -> list[SchemaObject]:
    """Read tables; remembers the kind of each for what hangs on them, views and sequences included."""
    found = frame.rows(_TABLES)
    frame.tables = {str(row[0]): str(row[1]) for row in found}
    frame.engines = {str(row[0]): str(row[2]) for row in found}
    frame.partitioned = any("partitioned" in (row[5] or "") for row in found)
    partitions = _partitions(frame) if frame.partitioned else {}
    return [_table(frame, row, partitions.get(str(row[0]), [])) for row in found if row[1] in _BASE]


def _table(frame: Frame, row: Row, partitions: list[Row]) -> SchemaObject:
    name, kind, engine, row_format, own_collation, created_with, comment = row
    connection, server = leads_to(frame, str(name), str(engine)) if is_elsewhere(engine) else (None, None)
    if engine is None:
        frame.skip("table", (str(name),), f"the server cannot open it: {comment}")
    first = partitions[0] if partitions else None
    return frame.made(
        ObjectKind.TABLE,
        (str(name),),
        engine=engine,
        row_format=row_format.lower() if row_format else None,
        collation=collation(own_collation),
        options=_options(frame, created_with or "", engine or ""),
        connection=connection,
        server=server,
        comment=_spoken(frame, comment, engine),
        system_versioned=kind == "SYSTEM VERSIONED",
        partitioned_by=_partitioned_by(first) if first else None,
        partitions=tuple(_partition(frame, item, engine) for item in partitions),
    )


def _options(frame: Frame, text: str, engine: str) -> tuple[str, ...]:
    """What else the table was made with; the row format and partitions have attributes of their own, a connection holds a password."""
    usual = _ARIA if engine == "Aria" else frozenset()
    found = (item for item in options(text) if not _SECRET.match(item) and item not in usual)
    kept = (item for item in found if item != "partitioned" and not item.startswith("row_format="))
    return tuple(sorted(frame.hiding.option(item) if is_elsewhere(engine) else item for item in kept))


def _spoken(frame: Frame, comment: str | None, engine: str | None) -> str | None:
    """A comment; in those of a Spider table stands how it connects."""
    hidden = comment and (engine or "").upper() == "SPIDER"
    return frame.hiding.value(comment or "") if hidden else comment


def _partitions(frame: Frame) -> dict[str, list[Row]]:
    found = defaultdict(list)
    for row in frame.rows(_PARTITIONS):
        found[str(row[0])].append(row)
    return found


def _partitioned_by(row: Row) -> str:
    _, _, _, method, below, expression, below_expression, _, _ = row
    more = f" subpartition by {below} ({below_expression or ''})" if below else ""
    return f"{method} ({expression or ''}){more}"


def _partition(frame: Frame, row: Row, engine: str | None) -> str:
    _, name, below, _, _, _, _, description, comment = row
    comment = _spoken(frame, comment, engine)
    words = [str(name), *([f"/ {below}"] if below else []), *([f": {description}"] if description is not None else [])]
    return " ".join([*words, *([f"-- {comment}"] if comment else [])])


def columns(frame: Frame) -> list[SchemaObject]:
    """Read the columns of tables; those of views and sequences follow from what those are."""
    place = frame.since("SRS_ID", mariadb=None, mysql=(8,))
    objects = []
    for row in frame.rows(_COLUMNS.format(place)):
        table = str(row[0])
        frame.columns.setdefault(table, set()).add(str(row[1]))
        if frame.tables.get(table) in _BASE:
            objects.append(_column(frame, row))
    return objects


def _column(frame: Frame, row: Row) -> SchemaObject:
    table, name, full_type, nullable, default, extra, own_collation, comment, expression, srs = row
    mariadb, said = frame.server.mariadb, extra or ""
    plain = type_of(full_type or "")
    is_json = (str(table), str(name)) in frame.json
    stored = "stored" if "STORED GENERATED" in said or "PERSISTENT" in said else "virtual"
    return frame.made(
        ObjectKind.COLUMN,
        (str(table), str(name)),
        type="json" if is_json else plain,
        not_null=nullable == "NO",
        default=None if expression else _text(frame, default_of(default, plain, said, mariadb=mariadb)),
        on_update=on_update(said),
        auto_increment="auto_increment" in said,
        collation=None if is_json else collation(own_collation),
        generated=_text(frame, f"{stored}: {_expression(frame, expression)}") if expression else None,
        invisible="INVISIBLE" in said,
        unversioned="WITHOUT SYSTEM VERSIONING" in said,
        srs=srs,
        comment=comment,
    )


def _text(frame: Frame, text: str | None) -> str | None:
    return None if text is None else frame.hiding.text(text)


def _expression(frame: Frame, text: str) -> str:
    return moment(unqualified(text, frame.server.database))


def sequences(frame: Frame) -> list[SchemaObject]:
    """Read MariaDB's sequences, all in one query: each is a table of one row, whose first column is not its definition."""
    names = sorted(name for name, kind in frame.tables.items() if kind == "SEQUENCE")
    if not names:
        return []
    asked = (_SEQUENCE.format(f"0x{name.encode().hex()}", quoted(name)) for name in names)
    found = frame.answer(" UNION ALL ".join(asked))
    return [
        frame.made(
            ObjectKind.SEQUENCE,
            (name,),
            start=row[1],
            increment=row[2],
            minimum=row[3],
            maximum=row[4],
            cache=row[5],
            cycle=row[6] == "1",
        )
        for name, row in zip(names, found, strict=True)
    ]
