"""A whole database in one read: about ten bulk queries over the information schema, none for each object.

https://mariadb.com/kb/en/information-schema-tables/ and https://dev.mysql.com/doc/refman/8.0/en/information-schema.html
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from operator import attrgetter

from workers.core.hidden import Hiding
from workers.core.schema import ObjectKind, SchemaObject, Snapshot
from workers.databases.mysql.catalog_authority import authority
from workers.databases.mysql.catalog_constraints import checks, foreign_keys, indexes
from workers.databases.mysql.catalog_frame import Connection, Frame, Part, server_of
from workers.databases.mysql.catalog_routines import events, routines, triggers, views
from workers.databases.mysql.catalog_tables import columns, database, sequences, tables

# Tables come before what hangs on them; checks before columns, since one kind of them says a column's type.
_PARTS: tuple[Part, ...] = (
    database,
    tables,
    checks,
    columns,
    sequences,
    indexes,
    foreign_keys,
    views,
    routines,
    triggers,
    events,
)


def snapshot(connection: Connection, hiding: Hiding, accounts: tuple[tuple[str, str], ...] = ()) -> Snapshot:
    """Read everything of the database that the session is in. `accounts`: on scratch, whom an account stands for."""
    server = server_of(connection)
    frame = Frame(connection, server, hiding, accounts)
    objects = [item for part in _PARTS for item in part(frame)]
    return Snapshot(
        engine=server.engine,
        version=server.version,
        database=server.database,
        objects=_in_order(objects),
        unread=tuple(sorted(frame.unread, key=lambda item: (item.kind, item.name))),
        authority=_in_order(authority(frame)),
    )


def _in_order(objects: list[SchemaObject]) -> tuple[SchemaObject, ...]:
    """As `ordered`, kind by kind: a fifth of the time for a thousand tables."""
    kinds: defaultdict[ObjectKind, list[SchemaObject]] = defaultdict(list)
    for item in objects:
        kinds[item.kind].append(item)
    return tuple(chain.from_iterable(sorted(kinds[kind], key=attrgetter("name")) for kind in sorted(kinds)))
