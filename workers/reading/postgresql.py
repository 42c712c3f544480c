"""What PostgreSQL's own parser says of one statement: its kind, its words, what it reads and writes, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterable

from workers.core.plan import Parsed, StatementKind
from workers.core.schema import Name
from workers.reading.postgresql_limits import authority, forbidden, opaque
from workers.reading.postgresql_titles import title
from workers.reading.postgresql_tree import (
    SYSTEM_SCHEMAS,
    Node,
    UnreadableSqlError,
    called,
    pb,
    relation,
    statements,
    strings,
    unwrapped,
    walk,
)


def parse(sql: str, foreign: Iterable[str] = ()) -> Parsed:
    """Judge a text that should hold exactly one command.

    `foreign` are those of `functions_called` that are not the server's own (nor an extension's): a statement that calls one is opaque.
    The grammar is that of PostgreSQL 18; what it cannot read is forbidden.
    """
    try:
        found = statements(sql)
    except UnreadableSqlError as error:
        return Parsed(
            kind=StatementKind.OPAQUE, title="Unreadable statement", forbidden=f"the parser cannot read it: {error}"
        )
    if len(found) != 1:
        reason = f"it holds {len(found)} commands where one is expected" if found else "it holds no command"
        return Parsed(kind=StatementKind.OPAQUE, title=f"{len(found) or 'No'} commands at once", forbidden=reason)
    return _parsed(found[0], foreign)


def functions_called(sql: str) -> tuple[Name, ...]:
    """Name every function that a text calls, as written; nothing for a text that cannot be read."""
    try:
        found = statements(sql)
    except UnreadableSqlError:
        return ()
    return tuple(dict.fromkeys(name for statement in found for name in called(statement)))


def _parsed(statement: Node, foreign: Iterable[str]) -> Parsed:
    written = _writes(statement)
    unbounded, right = opaque(statement, foreign), authority(statement)
    return Parsed(
        kind=_kind(statement, bounded=not unbounded),
        title=title(statement),
        reads=tuple(name for name in _relations(statement) if name not in written and name[0] not in SYSTEM_SCHEMAS),
        writes=written,
        forbidden=forbidden(statement),
        opaque=unbounded,
        authority=right,
        transactional=_transactional(statement),
        steers=isinstance(statement, pb.TransactionStmt) and statement.kind not in _TWO_PHASED,
    )


_KINDS = {
    pb.DropStmt: StatementKind.DROP,
    pb.DropOwnedStmt: StatementKind.DROP,
    pb.CommentStmt: StatementKind.COMMENT,
    pb.TruncateStmt: StatementKind.TRUNCATE,
    pb.DoStmt: StatementKind.OPAQUE,
    pb.CallStmt: StatementKind.OPAQUE,
    pb.GrantStmt: StatementKind.AUTHORITY,
    pb.GrantRoleStmt: StatementKind.AUTHORITY,
    pb.AlterDefaultPrivilegesStmt: StatementKind.AUTHORITY,
    pb.AlterOwnerStmt: StatementKind.AUTHORITY,
    pb.SecLabelStmt: StatementKind.AUTHORITY,
    pb.ReassignOwnedStmt: StatementKind.AUTHORITY,
    pb.VariableSetStmt: StatementKind.SESSION,
    pb.ConstraintsSetStmt: StatementKind.SESSION,
    pb.LockStmt: StatementKind.SESSION,
    pb.DiscardStmt: StatementKind.SESSION,
    pb.TransactionStmt: StatementKind.SESSION,
    pb.VariableShowStmt: StatementKind.READ,
    pb.DeclareCursorStmt: StatementKind.READ,
    pb.FetchStmt: StatementKind.READ,
    pb.ClosePortalStmt: StatementKind.READ,
    pb.ViewStmt: StatementKind.CREATE,
    pb.IndexStmt: StatementKind.CREATE,
    pb.RuleStmt: StatementKind.CREATE,
    pb.DefineStmt: StatementKind.CREATE,
    pb.CompositeTypeStmt: StatementKind.CREATE,
}
# The strongest first: what a statement does to rows anywhere in its tree, common table expressions included.
_ROWS = (
    (pb.DeleteStmt, StatementKind.DELETE),
    (pb.UpdateStmt, StatementKind.UPDATE),
    (pb.InsertStmt, StatementKind.INSERT),
)
_QUERIES = (pb.SelectStmt, pb.InsertStmt, pb.UpdateStmt, pb.DeleteStmt, pb.MergeStmt)


def _kind(statement: Node, *, bounded: bool) -> StatementKind:
    if isinstance(statement, _QUERIES):
        return _rows_kind(statement, bounded=bounded)
    if kind := _KINDS.get(type(statement)):
        return kind
    if any(_rewrites(item) for item in walk(statement)):
        return StatementKind.UPDATE
    return StatementKind.CREATE if type(statement).__name__.startswith("Create") else StatementKind.ALTER


def _rewrites(node: Node) -> bool:
    """Whether it is ALTER COLUMN … TYPE … USING with more than the column itself, cast: that writes every row as an UPDATE does."""
    if not isinstance(node, pb.AlterTableCmd) or node.subtype != pb.AT_AlterColumnType:
        return False
    column = unwrapped(getattr(node, "def"))
    if not column.HasField("raw_default"):
        return False
    using = unwrapped(column.raw_default)
    if isinstance(using, pb.TypeCast) and _spelled(using.type_name) in {
        _spelled(column.type_name),
        (*_spelled(column.type_name)[:2], ()),
    }:
        using = unwrapped(using.arg)
    return not (isinstance(using, pb.ColumnRef) and strings(using.fields) == (node.name,))


def _spelled(type_name: Node) -> tuple[object, ...]:
    """A type without the places where its parts stand."""
    sizes = tuple(unwrapped(item).ival.ival for item in type_name.typmods)
    return strings(type_name.names), len(type_name.array_bounds), sizes


def _rows_kind(statement: Node, *, bounded: bool) -> StatementKind:
    nodes = list(walk(statement))
    merged = {item.command_type for item in nodes if isinstance(item, pb.MergeWhenClause)}
    if pb.CMD_DELETE in merged:
        return StatementKind.DELETE
    conflict = any(isinstance(item, pb.OnConflictClause) and item.action == pb.ONCONFLICT_UPDATE for item in nodes)
    for kind, meaning in _ROWS:
        if any(isinstance(item, kind) for item in nodes) or (
            meaning is StatementKind.UPDATE and (conflict or pb.CMD_UPDATE in merged)
        ):
            return meaning
    if pb.CMD_INSERT in merged:
        return StatementKind.INSERT
    if any(isinstance(item, pb.IntoClause) for item in nodes):
        return StatementKind.CREATE
    return StatementKind.READ if bounded else StatementKind.OPAQUE


def _relations(statement: Node) -> tuple[Name, ...]:
    """Every relation that is named as one; a common table expression's name counts too: taking it for a table errs to the safe side."""
    return tuple(dict.fromkeys(relation(item) for item in walk(statement) if isinstance(item, pb.RangeVar)))


_TARGETS = (
    pb.InsertStmt,
    pb.UpdateStmt,
    pb.DeleteStmt,
    pb.MergeStmt,
    pb.CreateStmt,
    pb.AlterTableStmt,
    pb.IndexStmt,
    pb.CreateTrigStmt,
    pb.RuleStmt,
    pb.RefreshMatViewStmt,
    pb.RenameStmt,
    pb.AlterObjectSchemaStmt,
)
_RELATIONS = frozenset(
    {pb.OBJECT_TABLE, pb.OBJECT_VIEW, pb.OBJECT_MATVIEW, pb.OBJECT_SEQUENCE, pb.OBJECT_FOREIGN_TABLE, pb.OBJECT_INDEX}
)


def _writes(statement: Node) -> tuple[Name, ...]:
    """Name the relations that a statement changes, those in its common table expressions included."""
    found: list[Name] = []
    for item in walk(statement):
        if isinstance(item, _TARGETS) and item.HasField("relation"):
            found.append(relation(item.relation))
        elif isinstance(item, pb.ViewStmt):
            found.append(relation(item.view))
        elif isinstance(item, pb.CompositeTypeStmt):
            found.append(relation(item.typevar))
        elif isinstance(item, pb.IntoClause):
            found.append(relation(item.rel))
        elif isinstance(item, pb.CreateSeqStmt | pb.AlterSeqStmt):
            found.append(relation(item.sequence))
        elif isinstance(item, pb.CreatePolicyStmt | pb.AlterPolicyStmt):
            found.append(relation(item.table))
        elif isinstance(item, pb.TruncateStmt):
            found.extend(relation(unwrapped(var)) for var in item.relations)
        elif isinstance(item, pb.DropStmt) and item.remove_type in _RELATIONS:
            found.extend(tuple(strings(unwrapped(name).items)) for name in item.objects)
    return tuple(dict.fromkeys(found))


_TWO_PHASED = frozenset({pb.TRANS_STMT_PREPARE, pb.TRANS_STMT_COMMIT_PREPARED, pb.TRANS_STMT_ROLLBACK_PREPARED})
_WHOLE = frozenset({pb.REINDEX_OBJECT_SCHEMA, pb.REINDEX_OBJECT_SYSTEM, pb.REINDEX_OBJECT_DATABASE})


def _transactional(statement: Node) -> bool:
    """Whether the server runs it inside a transaction block."""
    if isinstance(statement, pb.IndexStmt | pb.DropStmt):
        return not statement.concurrent
    if isinstance(statement, pb.ReindexStmt):
        names = {unwrapped(item).defname for item in statement.params}
        return statement.kind not in _WHOLE and "concurrently" not in names
    if isinstance(statement, pb.VacuumStmt):
        return not statement.is_vacuumcmd
    if isinstance(statement, pb.ClusterStmt):
        return bool(statement.HasField("relation"))
    return not any(isinstance(item, pb.PartitionCmd) and item.concurrent for item in walk(statement))
