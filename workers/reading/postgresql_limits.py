"""Which PostgreSQL statements are never run, which ones their text does not bound, and which ones change rights."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from workers.core.names import Engine
from workers.reading.lexer import TokenKind, tokens
from workers.reading.postgresql_functions import denied
from workers.reading.postgresql_tree import Node, called, pb, strings, unwrapped, walk

_SETTINGS = frozenset(
    {
        "lock_timeout",
        "statement_timeout",
        "idle_in_transaction_session_timeout",
        "client_min_messages",
        "check_function_bodies",
        "maintenance_work_mem",
        "work_mem",
    },
)
_TIMEOUTS = frozenset({"lock_timeout", "statement_timeout"})
_OUTSIDE = "it reaches outside the database"
_ROLES = "it changes roles, which belong to the whole server"
_SERVER = "it concerns the whole server"
_SESSION = "it steers the session"
_TRANSACTION = "it steers the transaction"
_PREPARED = "it runs a text that is not shown"

_FORBIDDEN = {
    pb.TransactionStmt: _TRANSACTION,
    pb.DiscardStmt: _SESSION,
    pb.ListenStmt: _SESSION,
    pb.UnlistenStmt: _SESSION,
    pb.NotifyStmt: _SESSION,
    pb.PrepareStmt: _PREPARED,
    pb.ExecuteStmt: _PREPARED,
    pb.DeallocateStmt: _PREPARED,
    pb.ExplainStmt: "it explains a statement, which may run it",
    pb.LoadStmt: _OUTSIDE,
    pb.CopyStmt: "it copies rows through the client, a file or a program",
    pb.AlterSystemStmt: _SERVER,
    pb.CheckPointStmt: _SERVER,
    pb.CreatedbStmt: _SERVER,
    pb.DropdbStmt: _SERVER,
    pb.AlterDatabaseStmt: _SERVER,
    pb.AlterDatabaseSetStmt: _SERVER,
    pb.AlterDatabaseRefreshCollStmt: _SERVER,
    pb.CreateTableSpaceStmt: _SERVER,
    pb.DropTableSpaceStmt: _SERVER,
    pb.AlterTableSpaceOptionsStmt: _SERVER,
    pb.AlterTableMoveAllStmt: _SERVER,
    pb.CreateRoleStmt: _ROLES,
    pb.AlterRoleStmt: _ROLES,
    pb.AlterRoleSetStmt: _ROLES,
    pb.DropRoleStmt: _ROLES,
    pb.CreateFdwStmt: _OUTSIDE,
    pb.AlterFdwStmt: _OUTSIDE,
    pb.CreateForeignServerStmt: _OUTSIDE,
    pb.AlterForeignServerStmt: _OUTSIDE,
    pb.CreateForeignTableStmt: _OUTSIDE,
    pb.CreateUserMappingStmt: _OUTSIDE,
    pb.AlterUserMappingStmt: _OUTSIDE,
    pb.DropUserMappingStmt: _OUTSIDE,
    pb.ImportForeignSchemaStmt: _OUTSIDE,
    pb.CreateSubscriptionStmt: _OUTSIDE,
    pb.AlterSubscriptionStmt: _OUTSIDE,
    pb.DropSubscriptionStmt: _OUTSIDE,
    pb.CreatePLangStmt: "it adds a language",
    pb.CreateAmStmt: "it adds an access method",
}
_SHARED_OBJECTS = frozenset({pb.OBJECT_ROLE, pb.OBJECT_DATABASE, pb.OBJECT_TABLESPACE})
_OPAQUE = {
    pb.DoStmt: "a block of code may do anything",
    pb.CallStmt: "a procedure may do anything",
    pb.CreateTrigStmt: "a trigger acts on later writes",
    pb.CreateEventTrigStmt: "an event trigger acts on later statements",
    pb.AlterEventTrigStmt: "an event trigger acts on later statements",
    pb.RuleStmt: "a rule rewrites later statements",
    pb.DefineStmt: "it defines an object by functions",
    pb.CreateCastStmt: "a cast changes what later statements mean",
    pb.CreateTransformStmt: "a transform changes what later calls mean",
    pb.CreateConversionStmt: "a conversion is a function",
    pb.CreateOpClassStmt: "an operator class is made of functions",
    pb.CreateOpFamilyStmt: "an operator family is made of functions",
    pb.AlterOpFamilyStmt: "an operator family is made of functions",
    pb.AlterOperatorStmt: "it changes what an operator means",
    pb.AlterExtensionStmt: "an extension's own script runs",
    pb.CreateExtensionStmt: "an extension's own script runs",
    pb.DropOwnedStmt: "it drops whatever a role owns",
    pb.ReassignOwnedStmt: "it moves whatever a role owns",
}
_AUTHORITY = {
    pb.GrantStmt: "privileges",
    pb.GrantRoleStmt: "the members of a role",
    pb.AlterDefaultPrivilegesStmt: "privileges of what is made later",
    pb.AlterOwnerStmt: "an owner",
    pb.CreatePolicyStmt: "which rows are seen",
    pb.AlterPolicyStmt: "which rows are seen",
    pb.CreateExtensionStmt: "what code the server runs",
    pb.AlterExtensionStmt: "what code the server runs",
    pb.AlterExtensionContentsStmt: "what an extension owns",
    pb.CreateEventTrigStmt: "what happens at later statements",
    pb.AlterEventTrigStmt: "what happens at later statements",
    pb.SecLabelStmt: "a security label",
    pb.DropOwnedStmt: "privileges of a role",
    pb.ReassignOwnedStmt: "owners",
    pb.CreatePublicationStmt: "what is sent to other servers",
    pb.AlterPublicationStmt: "what is sent to other servers",
}
_AUTHORITY_COMMANDS = {
    pb.AT_ChangeOwner: "an owner",
    pb.AT_EnableRowSecurity: "which rows are seen",
    pb.AT_DisableRowSecurity: "which rows are seen",
    pb.AT_ForceRowSecurity: "which rows are seen",
    pb.AT_NoForceRowSecurity: "which rows are seen",
}
_AUTHORITY_DROPS = {pb.OBJECT_POLICY: "which rows are seen", pb.OBJECT_EXTENSION: "what code the server runs"}
_SWITCHES = frozenset(
    {
        pb.AT_EnableTrig,
        pb.AT_EnableAlwaysTrig,
        pb.AT_EnableReplicaTrig,
        pb.AT_DisableTrig,
        pb.AT_EnableTrigAll,
        pb.AT_DisableTrigAll,
        pb.AT_EnableTrigUser,
        pb.AT_DisableTrigUser,
        pb.AT_EnableRule,
        pb.AT_EnableAlwaysRule,
        pb.AT_EnableReplicaRule,
        pb.AT_DisableRule,
    },
)
_MOVES = frozenset({"setval", "nextval"})
_DEFINITIONS = (pb.DefineStmt, pb.CreateCastStmt, pb.CreateOpClassStmt, pb.CreateTransformStmt, pb.CreateConversionStmt)
_LANGUAGES = frozenset({"sql", "plpgsql"})


def forbidden(statement: Node) -> str:
    """Say why a statement is never run; empty where it may be."""
    if reason := _FORBIDDEN.get(type(statement)):
        return reason
    check = _CHECKS.get(type(statement))
    if check is not None and (reason := check(statement)):
        return reason
    return _forbidden_call(statement)


def opaque(statement: Node, foreign: Iterable[str]) -> str:
    """Say why a statement's text does not bound its effect. `foreign` are names of functions that are not the server's own."""
    if reason := _OPAQUE.get(type(statement)):
        return reason
    if any(isinstance(item, pb.AlterTableCmd) and item.subtype in _SWITCHES for item in walk(statement)):
        return "it switches triggers or rules"
    if isinstance(statement, pb.CreateFunctionStmt | pb.AlterFunctionStmt):
        return "a function that runs with its owner's rights" if _security_definer(statement) else ""
    if isinstance(statement, pb.ViewStmt):
        return ""  # what it calls is called by who reads it
    names = {name[-1].lower() for name in called(statement)}
    theirs = sorted(names & set(foreign))
    if theirs:
        return f"it calls {', '.join(theirs)}, whose body may do anything"
    return "it moves a sequence" if isinstance(statement, pb.SelectStmt) and names & _MOVES else ""


def authority(statement: Node) -> str:
    """Say what right a statement changes."""
    if reason := _AUTHORITY.get(type(statement)):
        return reason
    if isinstance(statement, pb.DropStmt):
        return _AUTHORITY_DROPS.get(statement.remove_type, "")
    if isinstance(statement, pb.CreateFunctionStmt | pb.AlterFunctionStmt) and _security_definer(statement):
        return "who a function runs as"
    found = [_authority_part(item) for item in walk(statement)]
    return next((reason for reason in found if reason), "")


def _authority_part(node: Node) -> str:
    """Judge parts: subcommands of ALTER TABLE, and what CREATE SCHEMA holds."""
    if isinstance(node, pb.AlterTableCmd):
        return _AUTHORITY_COMMANDS.get(node.subtype, "")
    if isinstance(node, pb.CreateSchemaStmt) and node.HasField("authrole"):
        return "an owner"
    return _AUTHORITY.get(type(node), "")


def _security_definer(statement: Node) -> bool:
    options = (unwrapped(item) for item in (*getattr(statement, "options", ()), *getattr(statement, "actions", ())))
    return any(option.defname == "security" and _truth(option.arg) for option in options)


def _truth(node: Node) -> bool:
    held = unwrapped(node)
    return isinstance(held, pb.Boolean) and bool(held.boolval)


def _setting(statement: Node) -> str:
    if statement.name not in _SETTINGS:
        return f"it changes the setting {statement.name}" if statement.name else "it resets every setting"
    if statement.name in _TIMEOUTS and not (statement.kind == pb.VAR_SET_VALUE and _some_time(statement)):
        return f"it removes the limit {statement.name}"
    return ""


def _some_time(statement: Node) -> bool:
    values = [unwrapped(item) for item in statement.args]
    texts = [
        item.sval.sval if item.HasField("sval") else str(item.ival.ival)
        for item in values
        if isinstance(item, pb.A_Const)
    ]
    return bool(texts) and all(text.strip(" \t\n").lstrip("0").lstrip(".0")[:1].isdigit() for text in texts)


def _function(statement: Node) -> str:
    options = [unwrapped(item) for item in statement.options]
    language = next((unwrapped(item.arg).sval for item in options if item.defname == "language"), "sql")
    if language.lower() not in _LANGUAGES:
        return f"it makes a function in the language {language}"
    settings = [unwrapped(item.arg) for item in options if item.defname == "set"]
    return next(
        (
            f"it makes a function that sets {item.name}"
            for item in settings
            if item.name in {"role", "session_authorization"}
        ),
        "",
    )


def _block(statement: Node) -> str:
    """A block's text is no tree; its words are looked at, which finds the honest mistakes. It is opaque all the same."""
    for option in map(unwrapped, statement.args):
        text = unwrapped(option.arg).sval
        if option.defname == "language" and text.lower() not in _LANGUAGES:
            return f"it runs a block in the language {text}"
        if option.defname == "as":
            found = next((word for word in _words(text) if denied(word)), "")
            if found:
                return f"it calls {found}"
    return ""


def _words(text: str) -> Iterable[str]:
    found = tokens(text, Engine.POSTGRESQL)
    return (text[item.start : item.end].lower() for item in found if item.kind is TokenKind.WORD)


def _shared(statement: Node) -> str:
    kinds = {getattr(statement, name, None) for name in ("rename_type", "object_type", "remove_type", "objtype")}
    return _SERVER if kinds & _SHARED_OBJECTS else ""


def _foreign_table(statement: Node) -> str:
    outside = {pb.OBJECT_FOREIGN_SERVER, pb.OBJECT_FDW, pb.OBJECT_SUBSCRIPTION}
    return _OUTSIDE if getattr(statement, "remove_type", None) in outside else ""


def _query(statement: Node) -> str:
    prepared = any(isinstance(item, pb.ExecuteStmt) for item in walk(statement))
    return _PREPARED if prepared else ""


_CHECKS: dict[type, Callable[[Node], str]] = {
    pb.VariableSetStmt: _setting,
    pb.CreateFunctionStmt: _function,
    pb.DoStmt: _block,
    pb.RenameStmt: _shared,
    pb.AlterOwnerStmt: _shared,
    pb.GrantStmt: _shared,
    pb.DropStmt: _foreign_table,
    pb.CreateTableAsStmt: _query,
}


def _forbidden_call(statement: Node) -> str:
    names = [name[-1].lower() for name in called(statement)]
    if isinstance(statement, _DEFINITIONS):
        names += [item.sval.lower() for item in walk(statement) if isinstance(item, pb.String)]
    elif isinstance(statement, pb.CreateTrigStmt | pb.CreateEventTrigStmt):
        names += [item.lower() for item in strings(statement.funcname)]
    found = next((name for name in names if denied(name)), "")
    return f"it calls {found}" if found else ""
