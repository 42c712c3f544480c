"""Runs the recorder in the sandbox on a scratch database, and makes a Recording of what it says."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.core.schema import Name
from workers.ports import History, PythonEnvironment, RecordedStatement, Recording, RecordRequest
from workers.sandbox.child import Killed, Outcome
from workers.sandbox.folders import claimed_folder
from workers.sandbox.profile import MEBIBYTE, Bind, Profile
from workers.sandbox.run import Sandbox
from workers.sandbox.runtime import Runtime, python_runtime, reachable
from workers.sources.alembic.detect import Project
from workers.sources.alembic.output import OutputError, Sent, last_revision, read_output
from workers.sources.alembic.reads import asks_catalog_only, relations
from workers.sources.alembic.suggested import silence, suggested
from workers.sources.alembic.version_table import follows_graph

_RECORDER = Path(__file__).with_name("recorder")
_CHECKOUT = "/checkout"
_PROGRAM = "/recorder"
_OWN_ENVIRONMENT = (
    ("LANG", "C.UTF-8"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
    ("PYTHONHASHSEED", "0"),  # sets are walked in the same order in every run
    ("PYTHONUTF8", "1"),
    ("TZ", "UTC"),
)
# What our executor decides for every session; these never change the schema.
_SESSION_PRAGMA = re.compile(
    r"PRAGMA\s+(?:\w+\.)?(?:foreign_keys|journal_mode|synchronous|busy_timeout|cache_size|temp_store|mmap_size)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one recording may use."""

    wall_seconds: float = 300.0
    memory_bytes: int = 2048 * MEBIBYTE
    output_bytes: int = 32 * MEBIBYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """The program, the sandbox it runs in, and an area (of `sandbox.runtime.open_area`) for what it needs to see."""

    sandbox: Sandbox
    area: Path
    bounds: Bounds = Bounds()

    def record(self, request: RecordRequest, project: Project, history: History, version_table: Name) -> Recording:
        """Run a project's migrations. A failure of the project's is in the Recording; raises ExpectedError for ours."""
        if request.python is None:
            raise _no_python()
        with claimed_folder(self.area) as folder:
            checkout = folder / "checkout"
            checkout.mkdir()
            checkout.chmod(0o755)
            request.tree.export(checkout)
            outcome = self._run(request, request.python, project, checkout)
        return _recording(outcome, request, project, history, version_table)

    def _run(self, request: RecordRequest, python: PythonEnvironment, project: Project, checkout: Path) -> Outcome:
        identity = self.sandbox.identity
        runtime = python_runtime(self.area, identity, python.path / "bin" / "python")
        profile = Profile(
            read_only=(
                *runtime.binds,
                (reachable(python.path, self.area, identity), str(python.path)),
                (checkout, _CHECKOUT),
                (reachable(_RECORDER, self.area, identity, left_out=("__pycache__",)), _PROGRAM),
            ),
            writable=tuple((bind.host, bind.inside) for bind in request.address.writable),
            environment=(*request.module.alembic.environment, *_libraries(runtime), *_OWN_ENVIRONMENT),
            wall_seconds=self.bounds.wall_seconds,
            cpu_seconds=int(self.bounds.wall_seconds),
            memory_bytes=self.bounds.memory_bytes,
            output_bytes=self.bounds.output_bytes,
        )
        order = json.dumps(_order(request, project, self._url(request, project, profile.writable)))
        return self.sandbox.run([str(python.path / "bin" / "python"), _PROGRAM, order], profile)

    def _url(self, request: RecordRequest, project: Project, writable: Iterable[Bind]) -> str:
        """Without a sandbox the inside paths do not exist, and a URL's slashes hide them from the sandbox's own replacing."""
        url = request.address.url
        if project.engine is Engine.MARIADB and url.startswith("mysql://"):
            url = "mariadb://" + url.removeprefix("mysql://")  # what a migration is told to be its dialect
        for host, inside in () if self.sandbox.isolated else writable:
            outside = str(host).replace("\\", r"\\")
            url = re.sub(rf"{re.escape(inside)}(?=[/?&]|$)", outside, url)
        return url


def _libraries(runtime: Runtime) -> tuple[tuple[str, str], ...]:
    """Where a Python outside of /usr finds its own shared library, and not the system's of another patch level."""
    if not runtime.binds:
        return ()
    return (("LD_LIBRARY_PATH", str(Path(runtime.bin).parent.parent / "lib")),)


def _order(request: RecordRequest, project: Project, url: str) -> dict[str, object]:
    """What the recorder is told; every path is one inside the sandbox."""
    base = "" if request.module.path == "." else request.module.path
    roots = (*project.python_path, project.folder, base, posixpath.join(base, "src"), "")
    return {
        "url": url,
        "driver": project.driver if project.engine and project.engine.family is request.engine.family else "",
        "checkout": _CHECKOUT,
        "folder": _inside(project.folder),
        "config": _inside(project.config) if project.config else "",
        "toml": _inside(project.toml) if project.toml else "",
        "section": project.section,
        "env_file": _inside(project.env_file),
        "script_location": _inside(project.script_location),
        "python_path": list(dict.fromkeys(map(_inside, roots))),
        "url_variables": list(request.module.alembic.url_variables),
        "direction": request.direction.value,
        "to": list(request.to),
        "undo_to": None if request.undo_to is None else list(request.undo_to),
        "declared": request.declared,
    }


def _inside(path: str) -> str:
    return posixpath.join(_CHECKOUT, path).rstrip("/")


def _recording(
    outcome: Outcome, request: RecordRequest, project: Project, history: History, version_table: Name
) -> Recording:
    try:
        said = read_output(outcome.stdout)
    except OutputError as error:
        return Recording(
            statements=(), failed=_known(last_revision(outcome.stdout), history), error=_ending(outcome, error)
        )
    notes = [*said.notes, *_password_notes(project)]
    keep = _Keeping(request.engine, version_table, history, notes)
    created, why_none = suggested(said, history)
    return Recording(
        statements=keep.statements(said.main),
        declared=said.declared,
        declared_error=said.declared_error,
        undo=None if said.undo is None else keep.statements(said.undo),
        undo_error=said.undo_error,
        failed=_known(said.failed, history),
        error=said.error,
        tool=said.tool,
        notes=tuple(dict.fromkeys(keep.notes)),
        created=created,
        uncompared=() if said.declared is None else (*why_none, silence(said)),
    )


@dataclass(frozen=True, slots=True)
class _Keeping:
    """What of the recorder's statements becomes part of a Recording; what is left out is said in `notes`."""

    engine: Engine
    version_table: Name
    history: History
    notes: list[str]

    def statements(self, sent: tuple[Sent, ...]) -> tuple[RecordedStatement, ...]:
        """The statements with groups counted from 0, catalog queries and session pragmas left out."""
        groups: dict[int, int] = {}
        found = []
        for item in sent:
            sql = item.sql.strip()
            if sql and not self._left_out(sql, item):
                statement = self._statement(replace(item, sql=sql), groups.setdefault(item.group, len(groups)))
                found.append(statement)
                found += self._questions(statement) if item.looked_at and not item.read else ()
        return tuple(found)

    def _questions(self, statement: RecordedStatement) -> Iterator[RecordedStatement]:
        """A write whose row count or returned rows the migration looks at depends on the rows as a query does: said as queries."""
        self.notes.append(f"Revision {statement.revision} looks at what one of its writes came back with.")
        for name in relations(statement.sql, self.engine):
            mark = "`" if self.engine.family is Engine.MYSQL else '"'
            quoted = ".".join(mark + part.replace(mark, mark * 2) + mark for part in name)
            yield replace(statement, sql=f"SELECT count(*) FROM {quoted}", read=True)  # noqa: S608 -- a quoted name

    def _left_out(self, sql: str, item: Sent) -> bool:
        if self.engine is Engine.SQLITE and _SESSION_PRAGMA.match(sql):
            self.notes.append("PRAGMAs of the session that the project sets are left out; ours take their place.")
            return True
        return item.read and asks_catalog_only(sql, self.engine, self.version_table)

    def _statement(self, item: Sent, group: int) -> RecordedStatement:
        revision = _known(item.revision, self.history)
        if revision != item.revision:
            self.notes.append("The recorder named a revision that this history does not have.")
        if not item.read:
            self._judge(item.sql, revision)
        return RecordedStatement(
            sql=item.sql, revision=revision, group=group, transactional=item.transactional, read=item.read
        )

    def _judge(self, sql: str, revision: str) -> None:
        """Say what a reader would not expect: writes of env.py's own, and of a revision's to the version table."""
        table = tuple(part for part in self.version_table if part)
        touched = relations(sql, self.engine)
        if touched and all(name in {table, table[-1:]} for name in touched):
            made = not revision and sql.upper().startswith("CREATE TABLE")
            if not made and not follows_graph(sql, self.version_table, self.history.get(revision)):
                self.notes.append(
                    f"Revision {revision or '(env.py)'} writes to the version table what the history does not say."
                )
        elif not revision:
            word = sql.split(None, 1)[0].upper()
            self.notes.append(f"env.py sends statements of its own besides the migrations: {word}.")


def _known(revision: str, history: History) -> str:
    """A revision of the history; "" for a name that it does not have, unless some of its files could not be read."""
    unread = bool(history.unreadable) and revision.isprintable() and len(revision) <= 100
    return revision if unread or history.get(revision) is not None else ""


def _ending(outcome: Outcome, error: OutputError) -> str:
    """Why there is no answer, in words of ours: what the process itself said is not repeated."""
    if outcome.killed is Killed.WALL_TIME:
        return f"The migrations ran longer than {outcome.seconds:.0f} seconds and were ended."
    if outcome.killed is Killed.MEMORY:
        return "The migrations held more memory than a recording may have."
    if outcome.killed is Killed.CPU_TIME:
        return "The migrations used more processor time than a recording may have."
    if outcome.killed is Killed.OUTPUT:
        return "The migrations sent more than a recording can hold."
    if outcome.status:
        return f"The project ended the process with status {outcome.status} before the recording was complete."
    if outcome.signal:
        return f"The process was ended by signal {outcome.signal} before the recording was complete."
    return f"The recording cannot be read: {error}."


def _password_notes(project: Project) -> tuple[str, ...]:
    if not project.holds_password:
        return ()
    return (
        f"`sqlalchemy.url` in `{project.config or project.toml}` holds a password; it is never used here. Change it if it is real.",
    )


def _no_python() -> ExpectedError:
    return ExpectedError(
        "There is no Python environment for this project's migrations.",
        "Commit a `uv.lock`, or a requirements file with hashes, or let the operator name a `python_environment`.",
        RefusalCode.DEPENDENCIES_UNAVAILABLE,
    )
