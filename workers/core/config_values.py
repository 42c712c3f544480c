"""How one value of a configuration file is read: a node goes in, the value comes out, or what is wrong and what may stand there."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from workers.core import hours
from workers.core.approval import Role
from workers.core.config import Approver, ApproverKind, Filter, FilterMode, Ignore, SecretRef
from workers.core.config_nodes import Listing, Mapping, Node, Scalar
from workers.core.names import ENVIRONMENT, IDENTIFIER
from workers.core.redact import redact
from workers.core.schema import ObjectKind

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
Reader = Callable[[Node], T]

_DURATION = re.compile(r"([1-9][0-9]{0,5})(s|min|h|d)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_LOGIN = re.compile(r"@([A-Za-z0-9](?:[A-Za-z0-9_-]{0,99}))")
_TEAM = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[a-z0-9][a-z0-9_-]{0,99}")
_SECRET_REF = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/?[^\s:][^\r\n]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KINDS = ("*", *(kind.value for kind in ObjectKind))
_APPROVING_ROLES = ("admin", "maintain", "write")
_TASK_FIELDS = ("{number}", "{slug}", "{environment}")
_APPROVER_FIX = "write `@login`, `org/team-slug` or `role:` with one of " + ", ".join(_APPROVING_ROLES)


class WrongValueError(Exception):
    """A value that may not stand where it stands. `message` continues "`key` …"; `fix` gives the allowed values."""

    def __init__(self, node: Node, message: str, fix: str) -> None:
        super().__init__(message)
        self.line, self.message, self.fix = node.line, message, fix


def text(node: Node) -> str:
    """Any text of one line that is not empty."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.strip() and node.value.isprintable():
        return node.value
    raise WrongValueError(
        node, f"must be text, not {shown(node)}", 'write text; a number or `true` goes in quotes: "…"'
    )


def flag(node: Node) -> bool:
    """`true` or `false`."""
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    raise WrongValueError(node, f"must be true or false, not {shown(node)}", "write `true` or `false`")


def count(node: Node) -> int:
    """A whole number from 1."""
    if (
        isinstance(node, Scalar)
        and isinstance(node.value, int)
        and not isinstance(node.value, bool)
        and node.value >= 1
    ):
        return node.value
    raise WrongValueError(node, f"must be a whole number from 1, not {shown(node)}", "write a number such as `1`")


def seconds(node: Node) -> int:
    """A duration with its unit, as seconds."""
    match = _DURATION.fullmatch(str(node.value)) if isinstance(node, Scalar) else None
    if match is None:
        raise WrongValueError(
            node, f"must be a duration, not {shown(node)}", "write a number and a unit: `3s`, `15min`, `24h`, `7d`"
        )
    return int(match[1]) * _SECONDS[match[2]]


def precise_seconds(node: Node) -> float:
    """The same as a float, for the engines."""
    return float(seconds(node))


def choice(kind: type[E]) -> Reader[E]:
    """One word of a closed set."""

    def read(node: Node) -> E:
        found = next((item for item in kind if isinstance(node, Scalar) and item.value == node.value), None)
        if found is None:
            words = " or ".join(f"`{item.value}`" for item in kind)
            raise WrongValueError(node, f"cannot be {shown(node)}", f"write {words}")
        return found

    return read


def listing(item: Reader[T], *, least: int = 0) -> Reader[tuple[T, ...]]:
    """A list whose items are read one by one."""

    def read(node: Node) -> tuple[T, ...]:
        if not isinstance(node, Listing):
            raise WrongValueError(node, f"must be a list, not {shown(node)}", "write a list: `[…, …]`")
        if len(node.items) < least:
            raise WrongValueError(node, "is an empty list", f"write at least {least}, or leave the key out")
        return tuple(dict.fromkeys(item(entry) for entry in node.items))

    return read


def path(node: Node) -> str:
    """A relative path that stays inside; `.` is the folder itself."""
    value = text(node).removesuffix("/")
    parts = value.removeprefix("./").split("/")
    if value == "." or (not value.startswith("/") and "\\" not in value and not {"", ".", "..", ".git"} & set(parts)):
        return "/".join(parts)
    raise WrongValueError(
        node,
        f"must be a path inside the repository, not {shown(node)}",
        "write a relative path with `/` and without `..`",
    )


def glob(node: Node) -> str:
    """A relative path with `*`, `**`, `?` or `[…]`."""
    value = path(node)
    if value.count("[") == value.count("]") and "***" not in value:
        return value
    raise WrongValueError(
        node, f"is not a pattern that matches anything: {shown(node)}", "write for example `services/shop/models/**`"
    )


def absolute_path(node: Node) -> str:
    """A path of the operator's machine."""
    value = text(node)
    if value.startswith("/") and ".." not in value.split("/"):
        return value.rstrip("/") or "/"
    raise WrongValueError(node, f"must be an absolute path, not {shown(node)}", "write it from `/`")


def branch(node: Node) -> str:
    """A branch by its exact name."""
    value = text(node)
    if not re.search(r"[\s~^:?*\[\\]|\.\.|^[-/]|/$|@\{|\.lock$", value):
        return value
    raise WrongValueError(
        node, f"must be the exact name of a branch, not {shown(node)}", "write one name an entry, without patterns"
    )


def module_id(node: Node) -> str:
    """A module's id: it becomes a folder name."""
    value = text(node)
    if IDENTIFIER.fullmatch(value):
        return value
    fix = "write at most 63 lower-case letters, digits and hyphens, the first no hyphen"
    raise WrongValueError(node, f"cannot be a module id: {shown(node)}", fix)


def environment_name(node: Node) -> str:
    """An environment's name: people type it."""
    value = text(node)
    if ENVIRONMENT.fullmatch(value):
        return value
    raise WrongValueError(
        node, f"cannot name an environment: {shown(node)}", "write at most 63 letters, digits, `-` and `_`"
    )


def variable(node: Node) -> str:
    """The name of an environment variable."""
    value = text(node)
    if _VARIABLE.fullmatch(value):
        return value
    raise WrongValueError(
        node, f"must be the name of an environment variable, not {shown(node)}", "write for example `DATABASE_URL`"
    )


def variables(node: Node) -> tuple[tuple[str, str], ...]:
    """Environment variables with their values."""
    if not isinstance(node, Mapping):
        raise WrongValueError(node, f"must be a mapping of names to values, not {shown(node)}", "write `{NAME: value}`")
    names = (variable(Scalar(entry.key, entry.line, entry.column)) for entry in node.entries)
    return tuple(zip(names, (text(entry.value) for entry in node.entries), strict=True))


def secret(node: Node) -> SecretRef:
    """A reference to a secret; what else stands there is never repeated, it may be the secret itself."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and _SECRET_REF.fullmatch(node.value):
        return SecretRef(node.value)
    raise WrongValueError(node, "must say where the value is kept, not the value", "write `env:NAME` or `file:PATH`")


def approver(node: Node) -> Approver:
    """`@login`, `org/team-slug` or `role:maintain`."""
    value = text(node)
    if match := _LOGIN.fullmatch(value):
        return Approver(ApproverKind.USER, match[1])
    if _TEAM.fullmatch(value):
        return Approver(ApproverKind.TEAM, value)
    if value.removeprefix("role:") in _APPROVING_ROLES and value.startswith("role:"):
        return Approver(ApproverKind.ROLE, Role(value.removeprefix("role:")).value)
    raise WrongValueError(node, f"cannot hold {shown(node)}", _APPROVER_FIX)


approvers = listing(approver, least=1)


def apply_hours(node: Node) -> tuple[str, ...]:
    """One weekly window."""
    value = text(node)
    try:
        hours.parse(value)
    except ValueError as error:
        raise WrongValueError(
            node, f"cannot be read: {error}", "write for example `Mon-Thu 09:00-16:00 Europe/Berlin`"
        ) from None
    return (value.strip(),)


def task(node: Node) -> str:
    """The name of a rollout's folder, with placeholders."""
    value = text(node)
    if IDENTIFIER.fullmatch(re.sub("|".join(map(re.escape, _TASK_FIELDS)), "x", value)) and "{number}" in value:
        return value
    fix = f"write lower-case letters, digits, hyphens, `{{number}}` and if wanted {' '.join(_TASK_FIELDS[1:])}"
    raise WrongValueError(node, f"cannot name a folder: {shown(node)}", fix)


def object_filter(node: Node) -> Filter:
    """Which objects are compared."""
    fields = _fields(node, ("mode", "schemas", "tables"))
    mode = choice(FilterMode)(fields["mode"]) if "mode" in fields else FilterMode.ALL
    lists = {key: listing(text)(fields[key]) for key in ("schemas", "tables") if key in fields}
    if lists and mode is not FilterMode.EXPLICIT:
        raise WrongValueError(
            node, "lists schemas or tables without `mode: explicit`", "write `mode: explicit`, or leave the lists out"
        )
    if mode is FilterMode.EXPLICIT and not any(lists.values()):
        raise WrongValueError(node, "is explicit and lists nothing", "list `schemas` or `tables`")
    return Filter(mode, lists.get("schemas", ()), lists.get("tables", ()), chosen=True)


def ignored(node: Node) -> Ignore:
    """A pattern of objects, with its reason."""
    fields = _fields(node, ("object", "reason"))
    if len(fields) != 2:
        raise WrongValueError(
            node, "needs `object` and `reason`", 'write `{object: "table:public.tmp_*", reason: "…"}`'
        )
    pattern = text(fields["object"])
    kind, colon, name = pattern.partition(":")
    if not colon or not name or kind not in _KINDS:
        fix = f'write `"table:public.tmp_*"`; the kinds are {", ".join(_KINDS)}'
        raise WrongValueError(fields["object"], f"is no pattern of objects: {shown(fields['object'])}", fix)
    return Ignore(pattern, text(fields["reason"]))


def repository_name(value: str) -> bool:
    """Whether `value` is written as owner/name."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}", value) is not None


def shown(node: Node) -> str:
    """What stands there, for a message: short, and without a secret."""
    if isinstance(node, Listing):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    if node.value is None:
        return "nothing"
    return quoted(str(node.value).lower() if isinstance(node.value, bool) else str(node.value))


def quoted(value: str) -> str:
    """A piece of a file in a message."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in redact(value))
    return f"`{plain[:60].replace('`', chr(39))}`"


def _fields(node: Node, allowed: tuple[str, ...]) -> dict[str, Node]:
    names = ", ".join(f"`{name}`" for name in allowed)
    if not isinstance(node, Mapping):
        raise WrongValueError(node, f"must be a mapping, not {shown(node)}", f"write a mapping with {names}")
    for entry in node.entries:
        if entry.key not in allowed:
            raise WrongValueError(
                Scalar(entry.key, entry.line, entry.column), f"has no key {quoted(entry.key)}", f"allowed are {names}"
            )
    return {entry.key: entry.value for entry in node.entries}
