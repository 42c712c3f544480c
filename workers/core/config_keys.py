"""Every key of the two configuration files: how it is read, how two words on it become one, and which have no effect yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from workers.core import config_values as values
from workers.core.config import CodeRule, DataRule, DestructiveRule, DriftRule, Mode, WorkdocsTo
from workers.core.config_files import Approving
from workers.core.config_nodes import Node, Scalar
from workers.core.names import SourceKind, Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of a file. `stricter` makes one value of the two files' values; `inside` says that its value has a table of its own."""

    name: str
    read: Callable[[Node], Any] = values.text
    stricter: Callable[[Any, Any], Any] | None = None
    required: bool = False
    inside: bool = False


@dataclass(frozen=True, slots=True)
class NotBuilt:
    """A key, or one value of it, that is understood and refused, because nothing acts on it yet."""

    key: str
    applies: Callable[[Any], bool]


NOT_BUILT: tuple[NotBuilt, ...] = ()


def server_approvers(node: Node) -> Any:  # noqa: ANN401 -- a list, or the word for "ask the repository"
    """The operator's approvers, or `from_repository`."""
    if isinstance(node, Scalar) and node.value == Approving.FROM_REPOSITORY.value:
        return Approving.FROM_REPOSITORY
    if isinstance(node, Scalar):
        raise values.WrongValueError(node, f"cannot be {values.shown(node)}", "write a list, or `from_repository`")
    return values.approvers(node)


def _version(node: Node) -> int:
    if isinstance(node, Scalar) and node.value == 1 and not isinstance(node.value, bool):
        return 1
    raise values.WrongValueError(node, f"cannot be {values.shown(node)}", "write `version: 1`")


def _both(one: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _either_text(one: str, other: str) -> str:
    return one if one == other else f"{one}; {other}"


def _never_both(one: bool, other: bool) -> bool:  # noqa: FBT001 -- the two values of a flag
    return one and other


def _any_of(one: bool, other: bool) -> bool:  # noqa: FBT001 -- the two values of a flag
    return one or other


def _first_of(*strictest_first: Enum) -> Callable[[Any, Any], Any]:
    return lambda one, other: min(one, other, key=strictest_first.index)


def _server_only(one: Any, _: Any) -> Any:  # noqa: ANN401 -- a key that one of the files cannot have
    return one


POLICY = (
    Key(name="approvals", read=values.count, stricter=max),
    Key(name="author_may_approve", read=values.flag, stricter=_never_both),
    Key(name="approval_expires", read=values.seconds, stricter=min),
    Key(name="requires_applied", read=values.listing(values.environment_name), stricter=_both),
    Key(
        name="approve_needs_code",
        read=values.choice(CodeRule),
        stricter=_first_of(CodeRule.ALWAYS, CodeRule.UNLESS_ADDITIVE),
    ),
    Key(name="filter", read=values.object_filter, stricter=_server_only),
    Key(name="ignore", read=values.listing(values.ignored), stricter=_both),
    Key(name="shared_database", read=values.flag, stricter=_never_both),
    Key(name="blocks_merge", read=values.flag, stricter=_any_of),
    Key(
        name="block_on_drift",
        read=values.choice(DriftRule),
        stricter=_first_of(DriftRule.ANY, DriftRule.TOUCHED, DriftRule.NEVER),
    ),
    Key(
        name="destructive",
        read=values.choice(DestructiveRule),
        stricter=_first_of(DestructiveRule.REFUSE, DestructiveRule.NEEDS_WORD),
    ),
    Key(name="backup_statement", read=values.text, stricter=_either_text),
    Key(
        name="data_dependent", read=values.choice(DataRule), stricter=_first_of(DataRule.REFUSE, DataRule.EMPTY_TABLES)
    ),
    Key(name="lock_timeout", read=values.precise_seconds, stricter=min),
    Key(name="statement_timeout", read=values.precise_seconds, stricter=min),
    Key(name="apply_hours", read=values.apply_hours, stricter=_both),
)
_SERVER_POLICY = (
    Key(name="scratch", read=values.secret, stricter=_server_only),
    Key(name="mode", read=values.choice(Mode), stricter=_server_only),
    Key(name="approvers", read=server_approvers),
    *POLICY,
)

REPO_FILE = (
    Key(name="version", read=_version, required=True),
    Key(name="branches", read=values.listing(values.branch, least=1)),
    Key(name="modules", inside=True, required=True),
)
REPO_MODULE = (
    Key(name="id", read=values.module_id, required=True),
    Key(name="path", read=values.path),
    Key(name="source", read=values.choice(SourceKind)),
    Key(name="strategy", read=values.choice(Strategy)),
    Key(name="reason"),
    Key(name="task", read=values.task),
    Key(name="watch", read=values.listing(values.glob)),
    Key(name="workdocs_to", read=values.choice(WorkdocsTo)),
    Key(name="alembic", inside=True),
    Key(name="prisma", inside=True),
    Key(name="environments", inside=True),
)
REPO_ENVIRONMENT = (Key(name="approvers", read=values.approvers), *POLICY)
ALEMBIC = (
    Key(name="config", read=values.path),
    Key(name="section"),
    Key(name="requirements", read=values.path),
    Key(name="pythonpath", read=values.listing(values.path)),
    Key(name="url_variables", read=values.listing(values.variable)),
    Key(name="environment", read=values.variables),
)
PRISMA = (
    Key(name="schema", read=values.path),
    Key(name="migrations", read=values.path),
    Key(name="external_tables", read=values.listing(values.text)),
    Key(name="external_enums", read=values.listing(values.text)),
    Key(name="init_shadow", read=values.path),
)

SERVER_FILE = (Key(name="repositories", inside=True, required=True), Key(name="defaults", inside=True))
SERVER_REPOSITORY = (Key(name="id", read=values.count), Key(name="modules", inside=True, required=True))
SERVER_MODULE = (
    Key(name="python_environment", read=values.absolute_path),
    Key(name="schema_engine", read=values.absolute_path),
    Key(name="environments", inside=True, required=True),
)
SERVER_ENVIRONMENT = (
    Key(name="url", read=values.secret, stricter=_server_only, required=True),
    Key(name="read_url", read=values.secret, stricter=_server_only),
    *_SERVER_POLICY,
)
SERVER_DEFAULTS = _SERVER_POLICY

# Keys that stand in one file only: their names in the other get this answer instead of a guess.
OPERATOR_ONLY = frozenset({"url", "read_url", "scratch", "mode", "python_environment", "schema_engine"})
REPOSITORY_ONLY = frozenset(
    {"path", "source", "strategy", "reason", "task", "watch", "workdocs_to", "alembic", "prisma", "branches"}
)
