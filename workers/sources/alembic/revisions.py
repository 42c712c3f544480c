"""One revision file read as text: its identifiers, and a hash of what it does. Nothing is run; the file is hostile."""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from workers.ports import Revision

FILE_BYTES = 1024 * 1024
"""A larger revision file is not read."""

_NAMES = ("revision", "down_revision", "branch_labels", "depends_on")
_WITH_DOCSTRING = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Present in some versions of Python and not in others, or only about how the text was written.
_LEFT_OUT = frozenset({"ctx", "kind", "type_ignores", "type_params", "type_comment"})
_LONGEST = 200
_PRINTABLE_TITLE = 120


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that is no revision we can read, and why. `dynamic`: Alembic itself may well know what it says."""

    path: str
    why: str
    line: int | None = None
    dynamic: bool = False


def read_revision(path: str, content: bytes) -> Revision | Unreadable:
    """Read a revision file. Never raises for its content."""
    if len(content) > FILE_BYTES:
        return Unreadable(path, f"it is larger than {FILE_BYTES // 1024} KiB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python thinks of an escape sequence is no concern of ours
            tree = ast.parse(content)
        return _revision(path, tree)
    except SyntaxError as error:
        return Unreadable(path, f"it is not valid Python: {error.msg}", error.lineno)
    except (ValueError, RecursionError, MemoryError) as error:
        return Unreadable(path, f"it is not Python that can be read ({type(error).__name__})")


def _revision(path: str, tree: ast.Module) -> Revision | Unreadable:
    assigned = dict(_assignments(tree))
    if "revision" not in assigned:
        return Unreadable(path, "it names no `revision`", 1)
    values: dict[str, tuple[str, ...]] = {}
    for name, node in assigned.items():
        found = _strings(node)
        if found is None:
            return Unreadable(path, f"`{name}` is computed when the file runs", node.lineno, dynamic=True)
        values[name] = found
    if len(values["revision"]) != 1:
        return Unreadable(path, "`revision` is not one identifier", assigned["revision"].lineno)
    title = next(iter((ast.get_docstring(tree) or "").strip().splitlines()), "")
    return Revision(
        id=values["revision"][0],
        down=values.get("down_revision", ()),
        depends=values.get("depends_on", ()),
        labels=values.get("branch_labels", ()),
        path=path,
        line=assigned["revision"].lineno,
        title=_plain(title),
        content=_content(tree),
    )


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """(name, value) of the four names where they are assigned at the top; the last assignment counts, as it does in Python."""
    for node in tree.body:
        value, targets = _assigned(node)
        for target in targets:
            if value is not None and isinstance(target, ast.Name) and target.id in _NAMES:
                yield target.id, value


def _assigned(node: ast.stmt) -> tuple[ast.expr | None, list[ast.expr]]:
    if isinstance(node, ast.Assign):
        return node.value, node.targets
    return (node.value, [node.target]) if isinstance(node, ast.AnnAssign) else (None, [])


def _strings(node: ast.expr) -> tuple[str, ...] | None:
    """The strings of a literal: one, several in a tuple, list or set, or none. None where it is anything else."""
    if isinstance(node, ast.Constant) and node.value is None:
        return ()
    items = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    found = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    fits = len(found) == len(items) and all(0 < len(text) <= _LONGEST and text.isprintable() for text in found)
    return tuple(found) if fits else None


def _plain(title: str) -> str:
    return "".join(sign for sign in title if sign.isprintable())[:_PRINTABLE_TITLE]


def _content(tree: ast.Module) -> str:
    """The hash of the syntax tree without comments, docstrings and positions; the same in every version of Python.

    Walked with a stack of our own: a file of legal depth must not exhaust ours.
    """
    digest = hashlib.sha256()
    stack: list[object] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.AST):
            digest.update(f"({type(node).__name__}".encode())
            stack.append(_END)
            stack.extend(reversed(list(_fields(node))))
        elif isinstance(node, list):
            digest.update(b"[")
            stack.append(_END)
            stack.extend(reversed(node))
        else:
            digest.update(
                node.encode()
                if isinstance(node, _Mark)
                else f"{type(node).__name__}:{node!r},".encode("utf-8", "surrogatepass")
            )
    return digest.hexdigest()


class _Mark(str):
    """A piece of the hashed text that is no value of the tree."""

    __slots__ = ()


_END = _Mark(")")


def _fields(node: ast.AST) -> Iterator[object]:
    for name, value in ast.iter_fields(node):
        if name in _LEFT_OUT or value is None or value == []:
            continue
        yield _Mark(f" {name}=")
        yield _without_docstring(value) if name == "body" and isinstance(node, _WITH_DOCSTRING) else value


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    documented = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return body[1:] if documented else body
