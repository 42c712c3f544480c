"""What a PostgreSQL statement does, as one sentence that a person can say aloud."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from workers.reading.postgresql_tree import Node, pb, relation, strings, unwrapped, walk

SHOWN = 3
_TYPES = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "bpchar": "character",
    "timestamptz": "timestamp with time zone",
    "timetz": "time with time zone",
}
_OBJECTS = {
    pb.OBJECT_MATVIEW: "materialized view",
    pb.OBJECT_TABCONSTRAINT: "constraint",
    pb.OBJECT_DOMCONSTRAINT: "constraint",
    pb.OBJECT_STATISTIC_EXT: "statistics",
    pb.OBJECT_FDW: "foreign data wrapper",
    pb.OBJECT_TSCONFIGURATION: "text search configuration",
    pb.OBJECT_TSDICTIONARY: "text search dictionary",
    pb.OBJECT_LARGEOBJECT: "large object",
}


def title(statement: Node) -> str:
    """Return the sentence; for what is rare, the plain name of the command."""
    say = _SAYINGS.get(type(statement))
    return say(statement) if say else _plain(statement)


def object_word(kind: int) -> str:
    """Return the word for a kind of object: `table`, `materialized view`."""
    name: str = pb.ObjectType.Name(kind)
    return _OBJECTS.get(kind) or name.removeprefix("OBJECT_").replace("_", " ").lower()


def type_text(written: Node) -> str:
    """Return a type as people write it: `numeric(10, 2)`."""
    names = [name for name in strings(written.names) if name != "pg_catalog"]
    base = ".".join([*names[:-1], _TYPES.get(names[-1], names[-1])]) if names else "?"
    sizes = [str(held.ival.ival) for item in written.typmods if isinstance(held := unwrapped(item), pb.A_Const)]
    return base + (f"({', '.join(sizes)})" if sizes else "") + "[]" * len(written.array_bounds)


def _plain(statement: Node) -> str:
    words = re.findall(r"[A-Z][a-z]*|TS|FDW", statement.DESCRIPTOR.name.removesuffix("Stmt"))
    return " ".join(words).capitalize()


def _dotted(names: Iterable[str]) -> str:
    return ".".join(names)


def _on(var: Node) -> str:
    return _dotted(relation(var))


def _named(node: Node) -> str:
    """Name an object as DROP, COMMENT and their like hold it."""
    held = unwrapped(node)
    if isinstance(held, pb.List):
        return _dotted(strings(held.items))
    if isinstance(held, pb.ObjectWithArgs):
        return f"{_dotted(strings(held.objname))}({', '.join(_argument(item) for item in held.objargs)})"
    if isinstance(held, pb.TypeName):
        return type_text(held)
    return held.sval if isinstance(held, pb.String) else "?"


def _argument(node: Node) -> str:
    held = unwrapped(node)
    return type_text(held) if isinstance(held, pb.TypeName) else "*"


def _listed(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _create_table(node: Node) -> str:
    parent = f" as a partition of {_on(_first_relation(node))}" if node.HasField("partbound") else ""
    return f"Create table {_on(node.relation)}{parent}"


def _first_relation(node: Node) -> Node:
    held = unwrapped(node.inh_relations[0])
    return held if isinstance(held, pb.RangeVar) else node.relation


def _alter_table(node: Node) -> str:
    table = _on(node.relation)
    said = [_command(unwrapped(item), table, object_word(node.objtype)) for item in node.cmds]
    first, *others = dict.fromkeys(said)
    shown = [first, *(item[0].lower() + item[1:] for item in others[: SHOWN - 1])]
    more = len(others) - (SHOWN - 1)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _command(node: Node, table: str, word: str) -> str:
    if not isinstance(node, pb.AlterTableCmd):
        return f"Alter {word} {table}"
    define = unwrapped(getattr(node, "def"))
    if isinstance(define, pb.ColumnDef):
        return _column_command(node, define, table, word)
    if isinstance(define, pb.Constraint) and node.subtype in {pb.AT_AddConstraint, pb.AT_AddColumn}:
        return _constraint(define, table)
    pattern = _COMMANDS.get(node.subtype, "Alter {word} {table}")
    return pattern.format(table=table, name=node.name, word=word, owner=node.newowner.rolename)


def _column_command(node: Node, column: Node, table: str, word: str) -> str:
    if node.subtype == pb.AT_AddColumn:
        return f"Add column {table}.{column.colname}"
    if node.subtype == pb.AT_AlterColumnType:
        return f"Change type of {table}.{node.name} to {type_text(column.type_name)}"
    return f"Alter {word} {table}"


def _constraint(node: Node, table: str) -> str:
    word = _CONSTRAINTS.get(node.contype, "constraint")
    columns = strings(node.keys) or strings(node.fk_attrs)
    name = f" {node.conname}" if node.conname else f" ({', '.join(columns)})" if columns else ""
    to = f" to {_on(node.pktable)}" if node.HasField("pktable") else ""
    enforced = node.is_enforced or node.contype not in {pb.CONSTR_CHECK, pb.CONSTR_FOREIGN}
    later = ", not enforced" if not enforced else ", not validated" if node.skip_validation else ""
    return f"Add {word}{name} on {table}{to}{later}"


_CONSTRAINTS = {
    pb.CONSTR_PRIMARY: "primary key",
    pb.CONSTR_UNIQUE: "unique constraint",
    pb.CONSTR_CHECK: "check",
    pb.CONSTR_FOREIGN: "foreign key",
    pb.CONSTR_EXCLUSION: "exclusion constraint",
    pb.CONSTR_NOTNULL: "not-null constraint",
}
_COMMANDS = {
    pb.AT_DropColumn: "Drop column {table}.{name}",
    pb.AT_SetNotNull: "Require {table}.{name}",
    pb.AT_DropNotNull: "Stop requiring {table}.{name}",
    pb.AT_ColumnDefault: "Change default of {table}.{name}",
    pb.AT_DropConstraint: "Drop constraint {name} of {table}",
    pb.AT_ValidateConstraint: "Validate constraint {name} of {table}",
    pb.AT_AlterConstraint: "Alter a constraint of {table}",
    pb.AT_ChangeOwner: "Give {word} {table} to {owner}",
    pb.AT_EnableRowSecurity: "Enable row security on {table}",
    pb.AT_DisableRowSecurity: "Disable row security on {table}",
    pb.AT_ForceRowSecurity: "Force row security on {table}",
    pb.AT_NoForceRowSecurity: "Stop forcing row security on {table}",
    pb.AT_EnableTrig: "Enable trigger {name} of {table}",
    pb.AT_DisableTrig: "Disable trigger {name} of {table}",
    pb.AT_DisableTrigAll: "Disable all triggers of {table}",
    pb.AT_EnableTrigAll: "Enable all triggers of {table}",
    pb.AT_AttachPartition: "Attach a partition to {table}",
    pb.AT_DetachPartition: "Detach a partition from {table}",
    pb.AT_AddIdentity: "Make {table}.{name} an identity column",
    pb.AT_DropIdentity: "Stop {table}.{name} being an identity column",
    pb.AT_DropExpression: "Stop generating {table}.{name}",
    pb.AT_SetRelOptions: "Set storage options of {word} {table}",
    pb.AT_ResetRelOptions: "Reset storage options of {word} {table}",
}


def _index(node: Node) -> str:
    unique = "unique index" if node.unique else "index"
    name = f" {node.idxname}" if node.idxname else ""
    return f"Build {unique}{name} on {_on(node.relation)}{', concurrently' if node.concurrent else ''}"


def _drop(node: Node) -> str:
    word = object_word(node.remove_type)
    if node.remove_type in {pb.OBJECT_TRIGGER, pb.OBJECT_POLICY, pb.OBJECT_RULE}:
        pairs = [_named(item).rpartition(".") for item in node.objects]
        names = [f"{name} of {table}" for table, _, name in pairs]
    else:
        names = [_named(item) for item in node.objects]
    cascade = " and what depends on it" if node.behavior == pb.DROP_CASCADE else ""
    return f"Drop {word} {_listed(names)}{', concurrently' if node.concurrent else ''}{cascade}"


def _rename(node: Node) -> str:
    table = _on(node.relation) if node.HasField("relation") else _named(node.object)
    if node.rename_type in {pb.OBJECT_COLUMN, pb.OBJECT_ATTRIBUTE, pb.OBJECT_TABCONSTRAINT}:
        return f"Rename {object_word(node.rename_type)} {table}.{node.subname} to {node.newname}"
    if node.rename_type == pb.OBJECT_SCHEMA:
        return f"Rename schema {node.subname} to {node.newname}"
    part = f"{node.subname} of " if node.subname else ""
    return f"Rename {object_word(node.rename_type)} {part}{table} to {node.newname}"


def _comment(node: Node) -> str:
    verb = "Comment on" if node.comment else "Remove the comment of"
    return f"{verb} {object_word(node.objtype)} {_named(node.object)}"


def _enum_change(node: Node) -> str:
    name = _dotted(strings(node.type_name))
    if node.old_val:
        return f"Rename label {node.old_val} of enum {name} to {node.new_val}"
    return f"Add label {node.new_val} to enum {name}"


def _function(node: Node) -> str:
    word = "procedure" if node.is_procedure else "function"
    return f"{'Create or replace' if node.replace else 'Create'} {word} {_dotted(strings(node.funcname))}"


def _view(node: Node) -> str:
    return f"{'Create or replace' if node.replace else 'Create'} view {_on(node.view)}"


def _table_as(node: Node) -> str:
    return f"Create {object_word(node.objtype)} {_on(node.into.rel)} from a query"


def _query(node: Node) -> str:
    """Say every write of rows, those of common table expressions too."""
    said = [_ROW_WRITES[type(item)].format(_on(item.relation)) for item in walk(node) if type(item) in _ROW_WRITES]
    said += [f"Create table {_on(item.rel)} from a query" for item in walk(node) if isinstance(item, pb.IntoClause)]
    first, *others = dict.fromkeys(said or ["Read rows"])
    return ", ".join([first, *(item[0].lower() + item[1:] for item in others)])


_ROW_WRITES = {
    pb.InsertStmt: "Insert rows into {}",
    pb.UpdateStmt: "Update rows of {}",
    pb.DeleteStmt: "Delete rows of {}",
    pb.MergeStmt: "Merge rows into {}",
}


def _trigger(node: Node) -> str:
    return f"Create trigger {node.trigname} on {_on(node.relation)}"


def _truncate(node: Node) -> str:
    tables = [_on(held) for item in node.relations if isinstance(held := unwrapped(item), pb.RangeVar)]
    return f"Empty {_listed(tables)}"


def _grant(node: Node) -> str:
    granted = [held.priv_name for item in node.privileges if isinstance(held := unwrapped(item), pb.AccessPriv)]
    what = ", ".join(granted) or "all privileges"
    objects = [_on(held) if isinstance(held := unwrapped(item), pb.RangeVar) else _named(item) for item in node.objects]
    people = [held.rolename or "public" for item in node.grantees if isinstance(held := unwrapped(item), pb.RoleSpec)]
    verb, to = ("Grant", "to") if node.is_grant else ("Revoke", "from")
    return f"{verb} {what} on {object_word(node.objtype)} {_listed(objects)} {to} {_listed(people)}"


def _reindex(node: Node) -> str:
    return f"Rebuild indexes of {_on(node.relation) if node.HasField('relation') else node.name or 'the database'}"


def _setting(node: Node) -> str:
    verb = "Set" if node.kind in {pb.VAR_SET_VALUE, pb.VAR_SET_CURRENT, pb.VAR_SET_MULTI} else "Reset"
    return f"{verb} {node.name or 'all settings'}"


def _domain_change(node: Node) -> str:
    return f"Alter domain {_dotted(strings(node.type_name))}"


_SAYINGS: dict[type, Callable[..., str]] = {
    pb.CreateStmt: _create_table,
    pb.AlterTableStmt: _alter_table,
    pb.IndexStmt: _index,
    pb.DropStmt: _drop,
    pb.RenameStmt: _rename,
    pb.CommentStmt: _comment,
    pb.AlterEnumStmt: _enum_change,
    pb.CreateFunctionStmt: _function,
    pb.ViewStmt: _view,
    pb.CreateTableAsStmt: _table_as,
    pb.CreateTrigStmt: _trigger,
    pb.TruncateStmt: _truncate,
    pb.GrantStmt: _grant,
    pb.ReindexStmt: _reindex,
    pb.VariableSetStmt: _setting,
    pb.AlterDomainStmt: _domain_change,
    pb.InsertStmt: _query,
    pb.UpdateStmt: _query,
    pb.DeleteStmt: _query,
    pb.MergeStmt: _query,
    pb.SelectStmt: _query,
    pb.VacuumStmt: lambda node: "Vacuum tables" if node.is_vacuumcmd else "Analyze tables",
    pb.CopyStmt: lambda _: "Copy rows",
    pb.CreateStatsStmt: lambda node: f"Create statistics {_dotted(strings(node.defnames))}",
    pb.DoStmt: lambda _: "Run a block of code",
    pb.CallStmt: lambda node: f"Call procedure {_dotted(strings(node.funccall.funcname))}",
    pb.CreateSchemaStmt: lambda node: f"Create schema {node.schemaname or node.authrole.rolename}",
    pb.CreateSeqStmt: lambda node: f"Create sequence {_on(node.sequence)}",
    pb.AlterSeqStmt: lambda node: f"Alter sequence {_on(node.sequence)}",
    pb.CreateEnumStmt: lambda node: f"Create enum {_dotted(strings(node.type_name))}",
    pb.CreateDomainStmt: lambda node: f"Create domain {_dotted(strings(node.domainname))}",
    pb.CompositeTypeStmt: lambda node: f"Create type {_on(node.typevar)}",
    pb.CreateRangeStmt: lambda node: f"Create range type {_dotted(strings(node.type_name))}",
    pb.CreateExtensionStmt: lambda node: f"Create extension {node.extname}",
    pb.AlterExtensionStmt: lambda node: f"Update extension {node.extname}",
    pb.CreatePolicyStmt: lambda node: f"Create policy {node.policy_name} on {_on(node.table)}",
    pb.AlterPolicyStmt: lambda node: f"Alter policy {node.policy_name} on {_on(node.table)}",
    pb.RuleStmt: lambda node: f"Create rule {node.rulename} on {_on(node.relation)}",
    pb.RefreshMatViewStmt: lambda node: f"Refresh materialized view {_on(node.relation)}",
    pb.AlterOwnerStmt: lambda node: (
        f"Give {object_word(node.object_type)} {_named(node.object)} to {node.newowner.rolename}"
    ),
    pb.AlterFunctionStmt: lambda node: f"Alter {object_word(node.objtype)} {_dotted(strings(node.func.objname))}",
    pb.CreateEventTrigStmt: lambda node: f"Create event trigger {node.trigname}",
    pb.AlterDefaultPrivilegesStmt: lambda _: "Change default privileges",
    pb.GrantRoleStmt: lambda node: "Grant a role" if node.is_grant else "Revoke a role",
    pb.DefineStmt: lambda node: f"Create {object_word(node.kind)} {_dotted(strings(node.defnames))}",
    pb.AlterObjectSchemaStmt: lambda node: (
        f"Move {object_word(node.object_type)} {_on(node.relation) if node.HasField('relation') else _named(node.object)}"
        f" to schema {node.newschema}"
    ),
    pb.ConstraintsSetStmt: lambda node: f"{'Defer' if node.deferred else 'Stop deferring'} constraints",
    pb.AlterEventTrigStmt: lambda node: f"Alter event trigger {node.trigname}",
    pb.SecLabelStmt: lambda node: f"Set a security label of {object_word(node.objtype)} {_named(node.object)}",
    pb.LockStmt: lambda _: "Lock tables",
}
