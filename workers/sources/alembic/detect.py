"""Where a module's Alembic project keeps its things, as its configuration files say; nothing is run or interpolated."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

from workers.core.codec import sha256
from workers.core.config import Module
from workers.core.names import Engine
from workers.core.refusals import Refusal, RefusalCode
from workers.ports import Tree
from workers.sources.alembic import paths

CONFIG_BYTES = 256 * 1024
"""More than any configuration file needs; a larger one is not read."""

LOCK_FILES = ("uv.lock", "pyproject.toml")
_HERE = "%(here)s"
_SEPARATORS = {"os": ":", "space": " ", "newline": "\n", ":": ":", ";": ";"}
_LEGACY_SEPARATOR = re.compile(r", *|(?: +)")
_ENGINES = {
    "postgresql": Engine.POSTGRESQL,
    "postgres": Engine.POSTGRESQL,
    "mysql": Engine.MYSQL,
    "mariadb": Engine.MARIADB,
    "sqlite": Engine.SQLITE,
}
_URL = re.compile(r"(?P<engine>[A-Za-z0-9_]+)(?:\+(?P<driver>[A-Za-z0-9_]+))?:")
_PASSWORD = re.compile(r"[A-Za-z0-9_+]+://[^:/@\s]*:(?P<password>[^@\s]+)@")
_PLACEHOLDERS = frozenset({"pass", "password", "changeme", "secret", "***", "user", "postgres", "test", "dbpass"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One Alembic environment of a repository. Every path is the repository's, "" its root.

    `config` is the ini file and `toml` the pyproject.toml with `[tool.alembic]`, "" where there is none. `folder` is
    where the project is run. `script_location` is "" where it could not be found in the tree.
    """

    config: str
    toml: str
    folder: str
    section: str
    script_location: str
    version_locations: tuple[str, ...]
    recursive: bool
    url: str = field(default="", repr=False)
    databases: tuple[str, ...] = ()
    python_path: tuple[str, ...] = ()
    problems: tuple[Refusal, ...] = ()

    @property
    def env_file(self) -> str:
        """The path of env.py."""
        return f"{self.script_location}/env.py" if self.script_location else "env.py"

    @property
    def engine(self) -> Engine | None:
        """The engine that the configured URL names; that URL is never a target."""
        found = _URL.match(self.url)
        return _ENGINES.get(found["engine"].lower()) if found else None

    @property
    def driver(self) -> str:
        """The driver that the configured URL names, "" where it names none."""
        found = _URL.match(self.url)
        return (found["driver"] or "") if found else ""

    @property
    def holds_password(self) -> bool:
        """Whether the configured URL carries a password that does not look like a placeholder."""
        found = _PASSWORD.match(self.url)
        return found is not None and found["password"].lower() not in _PLACEHOLDERS


def read_project(tree: Tree, module: Module) -> Project | None:
    """Read a module's configuration; None where there is no Alembic project in its folder."""
    base = paths.inside(module.path) or ""
    config = paths.inside(base, module.alembic.config) or ""
    options, problems = _ini_options(tree, config, module.alembic.section) if config else ({}, ())
    toml = paths.inside(paths.folder_of(config), "pyproject.toml") or "pyproject.toml"
    tables = _toml_options(tree, toml)
    if not options and not tables and not problems:
        return None
    merged = {**tables, **options}
    if "script_location" not in merged and not problems:
        return None
    folder = paths.folder_of(config)
    return _project(
        tree, module, merged, folder=folder, config=config if options else "", toml=toml if tables else "", bad=problems
    )


def watched(module: Module) -> tuple[str, ...]:
    """Glob patterns of the paths that concern a module's Alembic project, whatever its layout."""
    base = paths.inside(module.path) or ""
    own = [
        module.alembic.config,
        "alembic/**",
        "migrations/**",
        "**/versions/**",
        "**/env.py",
        "**/script.py.mako",
        "requirements*.txt",
        "requirements/**",
        *LOCK_FILES,
    ]
    own += [module.alembic.requirements] if module.alembic.requirements else []
    below = (paths.pattern(base, name) for name in own)
    return tuple(dict.fromkeys((*below, "uv.lock", *module.watch)))


def own_files(
    tree: Tree, module: Module, project: Project, dependencies: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """(path, SHA-256) of everything besides the revisions that a recording can depend on and that can be named."""
    named = {project.config, project.toml, project.env_file, *dependencies}
    named |= {f"{project.script_location}/script.py.mako"} if project.script_location else set()
    for entry in tree.entries():
        migration = any(paths.is_below(entry.path, place) for place in project.version_locations)
        beside = project.script_location != "" and paths.is_below(entry.path, project.script_location)
        code = beside and entry.path.endswith(".py")
        if not migration and (code or any(paths.matches(entry.path, glob) for glob in module.watch)):
            named.add(entry.path)
    contents = ((path, tree.read(path)) for path in sorted(named - {""}))
    return tuple((path, sha256(content)) for path, content in contents if content is not None)


def _ini_options(tree: Tree, path: str, section: str) -> tuple[dict[str, str], tuple[Refusal, ...]]:
    """The options of the section, `%(here)s` left in; nothing where the file or the section is not there."""
    content = tree.read(path)
    if content is None or len(content) > CONFIG_BYTES:
        return {}, ()
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(content.decode("utf-8"))
    except (configparser.Error, UnicodeDecodeError) as error:
        line = getattr(error, "lineno", None)
        return {}, (_broken(path, str(error).splitlines()[0], line if isinstance(line, int) else None),)
    if not parser.has_section(section):
        return {}, ()
    return dict(parser.items(section)), ()


def _toml_options(tree: Tree, path: str) -> dict[str, str]:
    """`[tool.alembic]` with lists joined by newlines; an unreadable file counts as one without the table."""
    content = tree.read(path)
    if content is None or len(content) > CONFIG_BYTES:
        return {}
    try:
        document = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return {}
    table = document.get("tool", {})
    table = table.get("alembic", {}) if isinstance(table, dict) else {}
    options: dict[str, str] = {}
    for name, value in table.items() if isinstance(table, dict) else ():
        if isinstance(value, list):
            options[name] = "\n".join(item for item in value if isinstance(item, str))
            options.setdefault("path_separator", "newline")
        elif isinstance(value, str | bool):
            options[name] = str(value)
    return options


def _project(
    tree: Tree,
    module: Module,
    options: dict[str, str],
    *,
    folder: str,
    config: str,
    toml: str,
    bad: tuple[Refusal, ...],
) -> Project:
    source = config or toml
    base = paths.inside(module.path) or ""
    extra = tuple(place for name in module.alembic.pythonpath if (place := paths.inside(base, name)) is not None)
    python_path = (*extra, *_places(tree, options, "prepend_sys_path", folder, (), legacy=re.compile(r", *|(?: +)|:")))
    roots = tuple(dict.fromkeys((*python_path, folder, base, f"{base}/src" if base else "src", "")))
    location = _resolve(tree, options.get("script_location", ""), folder, roots)
    problems = [*bad]
    if location is None and not bad:
        problems.append(_not_found(source, options.get("script_location", "")))
    versions = _places(tree, options, "version_locations", folder, roots)
    databases = tuple(re.split(r",\s*", options["databases"].strip())) if options.get("databases", "").strip() else ()
    return Project(
        config=config,
        toml=toml,
        folder=folder,
        section=module.alembic.section,
        script_location=location or "",
        version_locations=versions
        or ((f"{location}/versions" if location else "versions",) if location is not None else ()),
        recursive=options.get("recursive_version_locations", "").strip().lower() in {"true", "yes", "1", "on"},
        url=options.get("sqlalchemy.url", "").replace("%%", "%"),
        databases=databases,
        python_path=tuple(dict.fromkeys(python_path)),
        problems=tuple(problems),
    )


def _places(
    tree: Tree,
    options: dict[str, str],
    name: str,
    folder: str,
    roots: tuple[str, ...],
    *,
    legacy: re.Pattern[str] = _LEGACY_SEPARATOR,
) -> tuple[str, ...]:
    """The folders that an option lists, split as Alembic splits them."""
    chosen = options.get("path_separator") or options.get("version_path_separator" if roots else "", "")
    separator = _SEPARATORS.get(chosen.strip()) if chosen else None
    text = options.get(name, "")
    pieces = text.split(separator) if separator else legacy.split(text)
    found = (_resolve(tree, piece.strip(), folder, roots) for piece in pieces if piece.strip())
    return tuple(dict.fromkeys(place for place in found if place is not None))


def _resolve(tree: Tree, text: str, folder: str, roots: tuple[str, ...]) -> str | None:
    """A configured folder as a path of the tree; `package:folder` is searched where Python would find the package."""
    if not text:
        return None
    if text.startswith(_HERE):
        return paths.inside(folder, text.removeprefix(_HERE).lstrip("/") or ".")
    if ":" in text:
        package, _, rest = text.partition(":")
        return next(_package_places(tree, f"{package.replace('.', '/')}/{rest}".rstrip("/"), roots), None)
    return paths.inside(folder, text)


def _package_places(tree: Tree, wanted: str, roots: tuple[str, ...]) -> Iterator[str]:
    for root in roots:
        place = paths.inside(root, wanted)
        if place is not None and tree.entries(place):
            yield place
    below = {paths.folder_of(entry.path) for entry in tree.entries() if entry.path.endswith(f"/{wanted}/env.py")}
    if len(below) == 1:
        yield below.pop()


def _broken(path: str, why: str, line: int | None) -> Refusal:
    return Refusal(
        code=RefusalCode.CONFIG_INVALID,
        message=f"`{path}` cannot be read: {why}",
        fix="Correct the file so that Alembic itself can read it.",
        path=path,
        line=line,
    )


def _not_found(path: str, location: str) -> Refusal:
    return Refusal(
        code=RefusalCode.CONFIG_INVALID,
        message=f"`script_location = {location[:200]}` in `{path}` leads to no folder of this repository.",
        fix="Make it a folder of the repository, such as `%(here)s/alembic`; for `package:folder`, list the package's "
        "parent folder in `alembic: {pythonpath: [...]}` of the module.",
        path=path,
    )
