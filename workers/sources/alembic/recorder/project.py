"""The project's Alembic environment, told to use the scratch database by every way that projects know."""

# ruff: noqa: ANN401 -- what hooks and drivers hand over has no type of its own
from __future__ import annotations

import argparse
import importlib.util
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import alembic
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from .declared import in_words
from .suggested import Suggestion
from .tape import Tape

_ASYNC = re.compile(r"\b(?:async_engine_from_config|create_async_engine|AsyncEngine|asyncio)\b")
_MYSQL = ("pymysql", "mysqldb", "mysqlconnector")
_MYSQL_ASYNC = ("aiomysql", "asyncmy")
_SYNC_DRIVERS = {
    "postgresql": ("psycopg", "psycopg2", "pg8000", "asyncpg"),
    "sqlite": ("pysqlite",),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
}
_ASYNC_DRIVERS = {
    "postgresql": ("asyncpg", "psycopg"),
    "sqlite": ("aiosqlite",),
    "mysql": _MYSQL_ASYNC,
    "mariadb": _MYSQL_ASYNC,
}
_MODULES = {"pysqlite": "sqlite3", "mysqldb": "MySQLdb", "mysqlconnector": "mysql"}


class Project:
    """One checkout with its configuration; `run`, `declared` and `suggested` each run env.py once."""

    def __init__(self, request: dict[str, Any]) -> None:
        os.chdir(request["folder"])
        sys.path[:0] = [place for place in request["python_path"] if place not in sys.path]
        driver = _driver(request)
        url = _url(request["url"], driver)
        os.environ.update(dict.fromkeys(request["url_variables"], url))
        versions = f"alembic {alembic.__version__}, SQLAlchemy {sqlalchemy.__version__}"
        self.tool = f"{versions}, driver {driver}, Python {sys.version.split()[0]}"
        self._config = _configuration(request, url)
        self._script = ScriptDirectory.from_config(self._config)
        self.uncompared: list[str] = []

    def run(self, tape: Tape, direction: str, to: tuple[str, ...]) -> None:
        """Migrate and record; `to` empty is the heads on the way up and the base on the way down."""

        def up(revisions: Any, _context: Any) -> Any:
            wanted: Any = to or "heads"
            return self._script._upgrade_revs(wanted, revisions)  # noqa: SLF001 -- Alembic's own command does this

        def down(revisions: Any, _context: Any) -> Any:
            return self._steps_down(tuple(revisions), to)

        ways = {"upgrade": (up, "heads"), "downgrade": (down, "base")}
        steps, end = ways[direction]
        tape.on = True
        try:
            self._environment(steps, to[0] if len(to) == 1 else end)
        finally:
            tape.on = False
        if tape.refused is not None:
            raise tape.refused
        tape.enter("")

    def declared(self) -> list[str]:
        """What the models want and the database lacks, or has beyond them, sorted, in words that every run gives."""
        found: list[str] = []
        asked: list[bool] = []

        def compare(_revisions: Any, context: MigrationContext) -> Any:
            metadata = context.opts.get("target_metadata")
            asked.append(metadata is not None)
            self.uncompared = _left_out(context)
            if metadata is not None:
                found.extend(in_words(item, context.dialect) for item in compare_metadata(context, metadata))
            return []

        self._environment(compare, "heads")
        if not any(asked):
            raise LookupError("env.py gives no target_metadata, so models and database cannot be compared.")
        return sorted(found)

    def suggested(self, declared: list[str], checkout: str) -> dict[str, str]:
        """{path, text} of the revision that Alembic's autogenerate would write for these differences."""
        suggestion = Suggestion(self._config, self._script, declared)
        said: Any = self._config.cmd_opts
        said.autogenerate = True  # hooks in env.py ask for it
        try:
            self._environment(suggestion.steps, "heads", template_args=suggestion.context.template_args)
        finally:
            said.autogenerate = False
        return suggestion.file(checkout)

    def _environment(self, steps: Callable[..., Any], destination: str, **more: Any) -> None:
        options: dict[str, Any] = {"as_sql": False, "starting_rev": None, "destination_rev": destination, "tag": None}
        options |= more
        with EnvironmentContext(self._config, self._script, fn=steps, **options):
            self._script.run_env()

    def _steps_down(self, current: tuple[str, ...], to: tuple[str, ...]) -> list[Any]:
        """The steps that undo everything that `to` does not need, each revision after all that stand on it."""
        known = self._script.revision_map
        leaving = self._needed(current) - self._needed(to)
        waiting = [script for script in self._script.walk_revisions() if script.revision in leaving]
        steps = []
        while waiting:
            below = {name for script in waiting for name in script._all_down_revisions}  # noqa: SLF001
            ready = next(script for script in waiting if script.revision not in below)
            waiting.remove(ready)
            steps.append(MigrationStep.downgrade_from_script(known, ready))
        return steps

    def _needed(self, tips: tuple[str, ...]) -> set[str]:
        seen: set[str] = set()
        todo = list(tips)
        while todo:
            script: Any = self._script.get_revision(todo.pop())
            if script is not None and script.revision not in seen:
                seen.add(script.revision)
                todo.extend(script._all_down_revisions)  # noqa: SLF001
        return seen


def _left_out(context: MigrationContext) -> list[str]:
    """What env.py turns off, or leaves off, of what autogenerate can compare."""
    usual = (("column types", "compare_type", True), ("server defaults", "compare_server_default", False))
    return [words for words, option, default in usual if not context.opts.get(option, default)]


def _driver(request: dict[str, Any]) -> str:
    """The driver that the project names itself, else one that its environment has and its env.py can use."""
    engine = make_url(request["url"]).get_backend_name()
    env_file = Path(request["env_file"])
    is_async = bool(_ASYNC.search(env_file.read_text(errors="replace") if env_file.is_file() else ""))
    known = _ASYNC_DRIVERS if is_async else _SYNC_DRIVERS
    if request["driver"] in (*_SYNC_DRIVERS.get(engine, ()), *_ASYNC_DRIVERS.get(engine, ())):
        return str(request["driver"])
    usual = make_url(f"{engine}://").get_dialect().driver
    wanted = known.get(engine, ()) if is_async else (usual, *known.get(engine, ()))
    for name in wanted:
        if importlib.util.find_spec(_MODULES.get(name, name)) is not None:
            return str(name)
    raise LookupError(f"The project's dependencies hold no driver for {engine}; add one of: {', '.join(wanted)}.")


def _url(text: str, driver: str) -> str:
    """The scratch URL with the driver in it, unless it is the one that SQLAlchemy takes anyway: projects put their own there."""
    url = make_url(text)
    if url.get_dialect().driver != driver:
        url = url.set(drivername=f"{url.get_backend_name()}+{driver}")
    if driver == "pg8000" and "host" in url.query:
        socket = f"{url.query['host']}/.s.PGSQL.{url.port or 5432}"
        url = url.set(query={"unix_sock": socket}, port=None)
    return url.render_as_string(hide_password=False)


def _configuration(request: dict[str, Any], url: str) -> Config:
    options: dict[str, Any] = {"ini_section": request["section"]}
    if request["toml"]:
        options["toml_file"] = request["toml"]  # unknown before Alembic 1.16, as is the file
    # As on the command line; env.py may ask for any of these.
    options["cmd_opts"] = argparse.Namespace(
        x=[f"url={url}"],
        config=request["config"],
        name=request["section"],
        raiseerr=False,
        sql=False,
        autogenerate=False,
    )
    config = Config(request["config"] or None, **options)
    if not config.get_main_option("script_location") and not request["toml"]:
        config.set_main_option("script_location", request["script_location"].replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
