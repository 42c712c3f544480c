"""The table in which Alembic writes what is applied: its name as env.py says it, and the statements that move it."""

from __future__ import annotations

import ast
import re
import warnings

from workers.core.schema import Name
from workers.ports import Revision, Tree
from workers.sources.alembic.detect import CONFIG_BYTES, Project

COLUMN = "version_num"
_DEFAULT = "alembic_version"


def version_table(tree: Tree, project: Project) -> Name:
    """(schema, table) from the literals of `context.configure`; the schema is "" where env.py names none."""
    content = tree.read(project.env_file)
    if content is None or len(content) > CONFIG_BYTES:
        return ("", _DEFAULT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            env = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ("", _DEFAULT)
    constants = _constants(env)
    named: dict[str, str] = {}
    for node in ast.walk(env):
        if isinstance(node, ast.keyword) and node.arg in {"version_table", "version_table_schema"}:
            named |= {node.arg: text} if (text := _text(node.value, constants)) else {}
        elif isinstance(node, ast.Dict):  # context.configure(**options)
            pairs = (
                (_text(key, {}), _text(value, constants)) for key, value in zip(node.keys, node.values, strict=True)
            )
            named |= {key: text for key, text in pairs if key in {"version_table", "version_table_schema"} and text}
    return (named.get("version_table_schema", ""), named.get("version_table", _DEFAULT))


def bookkeeping(table: Name, before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """What Alembic would send to get from one set of revisions to another; the table itself is made where nothing is recorded."""
    name = ".".join(map(_quoted, filter(None, table)))
    leaving = [revision for revision in before if revision not in after]
    coming = [revision for revision in after if revision not in before]
    both = min(len(leaving), len(coming))
    statements = [] if before else [_creation(name, table[-1])]
    statements += [
        f"UPDATE {name} SET {COLUMN}={_literal(new)} WHERE {name}.{COLUMN} = {_literal(old)}"  # noqa: S608 -- names quoted, literals escaped
        for old, new in zip(leaving[:both], coming[:both], strict=True)
    ]
    statements += [f"DELETE FROM {name} WHERE {name}.{COLUMN} = {_literal(old)}" for old in leaving[both:]]  # noqa: S608 -- names quoted, literals escaped
    statements += [f"INSERT INTO {name} ({COLUMN}) VALUES ({_literal(new)})" for new in coming[both:]]  # noqa: S608 -- names quoted, literals escaped
    return tuple(statements)


def follows_graph(sql: str, table: Name, revision: Revision | None) -> bool:
    """Whether a write to the version table is Alembic's own for this revision: one row, and no other revision than it and its parents."""
    plain = " ".join(sql.replace('"', "").replace("`", "").split()).partition(" RETURNING ")[0]
    name = re.escape(".".join(filter(None, table)))
    value, where = r"'(?P<{}>[^']*)'", rf"WHERE {name}\.{COLUMN} = '(?P<old>[^']*)'"
    forms = (
        rf"INSERT INTO {name} \({COLUMN}\) VALUES \({value.format('new')}\)",  # noqa: S608 -- a pattern, never sent
        rf"UPDATE {name} SET {COLUMN}={value.format('new')} {where}",  # noqa: S608 -- a pattern, never sent
        rf"DELETE FROM {name} {where}",  # noqa: S608 -- a pattern, never sent
    )
    found = next((match for form in forms if (match := re.fullmatch(form, plain))), None)
    if revision is None or found is None:
        return False
    return set(found.groupdict().values()) <= {revision.id, *revision.down, *revision.depends}


def _constants(tree: ast.Module) -> dict[str, str]:
    """Texts that the module assigns to a name once, at its top."""
    found: dict[str, list[str | None]] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(_text(node.value, {}))
    return {name: values[0] for name, values in found.items() if len(values) == 1 and values[0] is not None}


def _text(node: ast.expr | None, constants: dict[str, str]) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return constants.get(node.id) if isinstance(node, ast.Name) else None


def _creation(name: str, table: str) -> str:
    columns = f"{COLUMN} VARCHAR(32) NOT NULL, CONSTRAINT {_quoted(f'{table}_pkc')} PRIMARY KEY ({COLUMN})"
    return f"CREATE TABLE IF NOT EXISTS {name} ({columns})"


def _quoted(name: str) -> str:
    """A name as SQL wants it; a plain lower-case one needs no quotes in any engine."""
    plain = name.isascii() and name.replace("_", "a").isalnum() and name == name.lower() and not name[0].isdigit()
    return name if plain else '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
