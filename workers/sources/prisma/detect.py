"""Where a module's Prisma project keeps its schema and migrations: our config, then literal values of its own files, then the usual places."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workers.core.codec import sha256
from workers.core.config import Module
from workers.core.refusals import Refusal, RefusalCode
from workers.ports import Tree
from workers.sources.prisma.lockfiles import lock_paths
from workers.sources.prisma.schema_text import Outline, outline

SCHEMA_FILES = 500
SCHEMA_BYTES = 8 * 1024 * 1024
"""More files, or more bytes of them together, are not given to the engine."""

LOCK = "migration_lock.toml"
_CONFIGS = tuple(
    f"{folder}{name}.{kind}"
    for name in ("prisma.config", "prisma7.config")
    for folder in ("", ".config/")
    for kind in ("ts", "mts", "cts", "js", "mjs", "cjs")
) + tuple(f".config/prisma.{kind}" for kind in ("ts", "mts", "cts", "js", "mjs", "cjs"))
_ASKED = {
    "schema": "schema",
    "migrations.path": "migrations",
    "migrations.initShadowDb": "init_shadow",
    "tables.external": "external_tables",
    "enums.external": "external_enums",
}
"""What a prisma.config may say, and the key of our own config that stands for it."""

_USUAL = ("schema.prisma", "prisma/schema.prisma", "prisma/schema")


@dataclass(frozen=True, slots=True)
class Literals:
    """What a prisma.config says literally (paths are the module's), and what it computes, which is never run."""

    schema: str = ""
    migrations: str = ""
    before: str = ""
    tables: tuple[str, ...] = ()
    enums: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()


ReadConfig = Callable[[str, str], Literals]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One Prisma project of a repository. Every path is the repository's; `files` are (path, text) pairs.

    `before` makes what the migrations count on in an empty database (`migrations.initShadowDb`); `tables` and `enums` are not Prisma's to
    change (`tables.external`, `enums.external`).
    """

    schema: str
    files: tuple[tuple[str, str], ...]
    migrations: str
    config: str
    outline: Outline
    before: str = ""
    tables: tuple[str, ...] = ()
    enums: tuple[str, ...] = ()
    problems: tuple[Refusal, ...] = ()


def read_project(tree: Tree, module: Module, read_config: ReadConfig) -> Project | None:
    """Find a module's schema; None where there is none in its folder."""
    base = "" if module.path in {"", "."} else module.path.strip("/")
    config = next((path for name in _CONFIGS if tree.read(path := posixpath.join(base, name)) is not None), "")
    literals = _literals(tree, config, read_config)
    schema = _schema(tree, module, base, literals)
    if schema is None:
        return None
    paths = _schema_paths(tree, schema)
    problems = tuple(_problems(tree, module, config, literals, schema, paths))
    too_large = any(item.code is RefusalCode.TOO_LARGE for item in problems)
    files = () if too_large else tuple((path, _text(tree, path)) for path in paths)
    seen = outline(files)
    return Project(
        schema=schema,
        files=files,
        migrations=_migrations(tree, module, base, literals, schema, seen),
        config=config,
        outline=seen,
        before=_text(tree, shadow) if (shadow := _shadow(module, base)) else literals.before,
        tables=module.prisma.external_tables or literals.tables,
        enums=module.prisma.external_enums or literals.enums,
        problems=problems,
    )


def watched(module: Module) -> tuple[str, ...]:
    """Glob patterns of the paths that concern a module's Prisma project, whatever its layout."""
    base = "" if module.path in {"", "."} else module.path.strip("/")
    named = [item for item in (module.prisma.schema, module.prisma.migrations, module.prisma.init_shadow) if item]
    own = ["**/*.prisma", "**/migrations/**/migration.sql", f"**/migrations/{LOCK}", *_CONFIGS, "package.json"]
    own += [glob for item in named for glob in (item, f"{item.rstrip('/')}/**")]
    return tuple(dict.fromkeys((*(posixpath.join(base, item) for item in own), *module.watch)))


def own_files(tree: Tree, module: Module, project: Project) -> tuple[tuple[str, str], ...]:
    """(path, SHA-256) of everything besides the migrations that a plan can depend on."""
    base = "" if module.path in {"", "."} else module.path.strip("/")
    named = {posixpath.join(project.migrations, LOCK), project.config, posixpath.join(base, "package.json")}
    named.add(_shadow(module, base))
    schema = {path: sha256(text.encode()) for path, text in project.files}
    others = ((path, tree.read(path)) for path in sorted(named - {""}))
    return tuple(
        sorted({**schema, **{path: sha256(content) for path, content in others if content is not None}}.items())
    )


def lock_files(module: Module) -> tuple[str, ...]:
    """The paths that may tell the release of Prisma."""
    return lock_paths("" if module.path in {"", "."} else module.path.strip("/"))


def _shadow(module: Module, base: str) -> str:
    """The file that our own config names for what migrations count on, "" where it names none."""
    return posixpath.join(base, module.prisma.init_shadow) if module.prisma.init_shadow else ""


def _literals(tree: Tree, config: str, read_config: ReadConfig) -> Literals:
    return read_config(config, _text(tree, config)) if config else Literals()


def _schema(tree: Tree, module: Module, base: str, literals: Literals) -> str | None:
    """The schema's file or folder: the first of the places that say one, where something is."""
    said = [module.prisma.schema, literals.schema, _from_package(tree, posixpath.join(base, "package.json"))]
    named = next((item for item in said if item), "")
    for name in (named,) if named else _USUAL:
        path = posixpath.normpath(posixpath.join(base, name))
        if not path.startswith("..") and (_is_there(tree, path) or _schema_paths(tree, path)):
            return path
    return None


def _is_there(tree: Tree, path: str) -> bool:
    """Also as something that is never read: then that is said instead of nothing."""
    odd = (name for name, _ in tree.oddities(posixpath.dirname(path)))
    return tree.read(path) is not None or path in odd


def _from_package(tree: Tree, path: str) -> str:
    try:
        document = json.loads(_text(tree, path) or "{}")
    except (ValueError, RecursionError):
        return ""
    own = document.get("prisma") if isinstance(document, dict) else None
    schema = own.get("schema") if isinstance(own, dict) else None
    return schema if isinstance(schema, str) else ""


def _schema_paths(tree: Tree, schema: str) -> tuple[str, ...]:
    """The file itself, or every .prisma file below the folder."""
    below = tuple(item.path for item in tree.entries(schema) if item.path.endswith(".prisma"))
    return (schema,) if tree.read(schema) is not None else below


def _migrations(tree: Tree, module: Module, base: str, literals: Literals, schema: str, seen: Outline) -> str:
    """The folder of migrations: as said, else beside the file with the datasource, else beside the schema's folder."""
    said = module.prisma.migrations or literals.migrations
    if said:
        return posixpath.normpath(posixpath.join(base, said))
    source = seen.datasource
    beside = posixpath.join(posixpath.dirname(source.place.path if source else schema), "migrations")
    outside = posixpath.join(posixpath.dirname(schema), "migrations")
    return outside if not tree.entries(beside) and tree.entries(outside) else beside


def _problems(
    tree: Tree, module: Module, config: str, literals: Literals, schema: str, paths: tuple[str, ...]
) -> Iterator[Refusal]:
    own = module.prisma
    open_ended = [name for name, key in _ASKED.items() if name in literals.dynamic and not getattr(own, key)]
    if open_ended:
        keys = ", ".join(f"{_ASKED[name]}: …" for name in open_ended)
        yield Refusal(
            code=RefusalCode.CONFIG_INVALID,
            message=f"`{config}` computes {' and '.join(f'`{name}`' for name in open_ended)}, and it is never run",
            fix=f"write a literal there, or `prisma: {{{keys}}}` for the module in .github/schemagate.yml",
            path=config,
            line=1,
        )
    shadow = _shadow(module, "" if module.path in {"", "."} else module.path.strip("/"))
    if shadow and tree.read(shadow) is None:
        yield Refusal(
            code=RefusalCode.CONFIG_INVALID,
            message=f"there is no `{shadow}`, which `init_shadow` names",
            fix="correct `prisma: {init_shadow: …}` of the module",
        )
    sizes = {item.path: item.size for item in tree.entries(posixpath.dirname(schema))}
    size = sum(sizes.get(path, 0) for path in paths)
    if len(paths) > SCHEMA_FILES or size > SCHEMA_BYTES:
        yield _too_large(schema, f"holds {len(paths)} files of together {size // 1024} KiB")
    for path, what in tree.oddities(posixpath.dirname(schema)):
        if path == schema or (path.startswith(f"{schema}/") and path.endswith(".prisma")):
            yield _too_large(path, f"is {what}")


def _too_large(path: str, what: str) -> Refusal:
    return Refusal(
        code=RefusalCode.TOO_LARGE,
        message=f"{path} {what}; at most {SCHEMA_FILES} files of together {SCHEMA_BYTES // 1024 // 1024} MiB are read, 1 MiB each",
        fix="split the schema, or move parts of it to modules of their own",
        path=path,
        line=1,
    )


def _text(tree: Tree, path: str) -> str:
    return (tree.read(path) or b"").decode("utf-8", "replace")
