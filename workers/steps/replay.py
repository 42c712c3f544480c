"""What the applied migrations make: the base branch's code replayed from empty, cached, plus what we applied of pulls not merged yet."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from workers.core.codec import canonical, sha256, to_json
from workers.core.config import Module
from workers.core.examination import Suggested
from workers.core.plan import Statement
from workers.core.schema import Snapshot, snapshot_from_json, snapshot_to_json
from workers.ports import (
    Dump,
    PythonEnvironment,
    RecordDirection,
    RecordRequest,
    Replays,
    Scratch,
    ScratchDatabase,
    Source,
    StatementError,
    Tree,
    Writer,
)
from workers.steps.extensions import with_extensions

_CODE = frozenset({".py", ".prisma", ".ini", ".toml", ".cfg", ".sql", ".mako", ".txt", ".json", ".yml", ".yaml"})
_STEERS = ("prisma.config.", "prisma7.config.")
"""Never run, but what they say literally decides what a replay makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayQuestion:
    """Which history to replay, on what: `revisions` are the recorded ones that the base has; `then` are statements applied from elsewhere since."""

    repository: int
    module: Module
    source: Source
    tree: Tree
    revisions: tuple[str, ...]
    then: tuple[Statement, ...]
    like: Dump
    python: PythonEnvironment | None
    declared: bool = False


@dataclass(frozen=True, slots=True)
class Replayed:
    """The schema that the revisions make, the models' differences from it where asked, or why the replay failed.

    `given` names the extensions that the database began with.
    """

    snapshot: Snapshot | None
    declared: tuple[str, ...] | None
    error: str = ""
    suggested: Suggested | None = None
    uncompared: tuple[str, ...] = ()
    given: tuple[str, ...] = ()


def replay(question: ReplayQuestion, scratch: Scratch, replays: Replays) -> Replayed:
    """Replay from empty, or return what an equal replay gave before."""
    key = key_of(question, scratch)
    kept = replays.get(key)
    if kept is not None:
        value = json.loads(kept)
        declared = None if value["declared"] is None else tuple(value["declared"])
        return Replayed(snapshot_from_json(value["snapshot"]), declared, given=tuple(value.get("given", ())))
    result = from_empty(question, scratch)
    if result.snapshot is not None and not result.error:
        kept_declared = None if result.declared is None else list(result.declared)
        value = {"snapshot": snapshot_to_json(result.snapshot), "declared": kept_declared, "given": list(result.given)}
        replays.keep(key, json.dumps(value))
    return result


def from_empty(question: ReplayQuestion, scratch: Scratch) -> Replayed:
    """Replay on a new scratch database, with the target's extensions where the history uses some that it does not make."""

    def run(like: Dump) -> Replayed:
        asked = replace(question, like=like)
        result = _replay_texts(asked, scratch)
        if result is not None:
            return result
        with scratch.empty(like) as database:
            return run_replay(asked, database)

    result, like = with_extensions(question.like, run)
    return replace(result, given=tuple(f"{name} {version}" for name, version, _ in like.given))


def run_replay(question: ReplayQuestion, database: ScratchDatabase) -> Replayed:
    """Bring an empty scratch database to the question's revisions and leave it there."""
    declared: tuple[str, ...] | None = None
    suggested: Suggested | None = None
    uncompared: tuple[str, ...] = ()
    if question.revisions or question.declared:
        recording = question.source.record(request_of(question, database))
        if recording.error:
            return Replayed(None, None, f"{recording.failed or 'env.py'}: {recording.error}")
        declared, suggested, uncompared = recording.declared, recording.created, recording.uncompared
    return replace(_looked_at(question, database), declared=declared, suggested=suggested, uncompared=uncompared)


def code_of(source: Source, tree: Tree, module: Module) -> str:
    """Hash what decides what a history makes and what the models say: what the source says does, else every file that may."""
    return source.code(tree, module) or code_digest(tree)


def code_digest(tree: Tree, without: frozenset[str] = frozenset()) -> str:
    """Hash every file of a tree that may run or steer what runs; documents and the artifacts of our own evidence do not count."""
    entries = (item for item in tree.entries() if item.path not in without)
    files = [[item.path, item.oid] for item in entries if _may_run(PurePosixPath(item.path))]
    return sha256(canonical(files))


def _may_run(path: PurePosixPath) -> bool:
    steers = path.suffix.lower() in _CODE or path.name.startswith(_STEERS)
    return steers and not path.match("modules/*/workdocs/active/*/db/artifacts/*")


def request_of(question: ReplayQuestion, database: ScratchDatabase) -> RecordRequest:
    """What the source is asked to record on an empty scratch database."""
    return RecordRequest(
        tree=question.tree,
        module=question.module,
        address=database.address,
        engine=question.like.engine,
        direction=RecordDirection.UPGRADE,
        to=question.revisions,
        declared=question.declared,
        python=question.python,
    )


def _replay_texts(question: ReplayQuestion, scratch: Scratch) -> Replayed | None:
    """Send the migrations' own texts; None where only the tool knows what it sends, and where one fails: then the tool says why."""
    if question.declared or not question.revisions:
        return None
    texts = question.source.texts(question.tree, question.module, question.revisions)
    if texts is None:
        return None
    with scratch.empty(question.like) as database:
        try:
            with database.writing() as writer:
                for text in texts:
                    writer.execute_script(text)
        except StatementError:
            return None
        return _looked_at(question, database)


def _looked_at(question: ReplayQuestion, database: ScratchDatabase) -> Replayed:
    error = _run_statements(database, question.then)
    if error:
        return Replayed(None, None, error)
    with database.reading() as reader:
        return Replayed(reader.snapshot(), None)


def _run_statements(database: ScratchDatabase, statements: tuple[Statement, ...]) -> str:
    if not statements:
        return ""
    with database.writing() as writer:
        for _, group in itertools.groupby(statements, key=lambda item: item.group):
            error = _run_group(writer, tuple(group))
            if error:
                return error
    return ""


def _run_group(writer: Writer, group: tuple[Statement, ...]) -> str:
    try:
        if group[0].transactional:
            writer.begin()
        for item in group:
            writer.execute_script(item.sql) if item.batch else writer.execute(item.sql)
        if group[0].transactional:
            writer.commit()
    except StatementError as error:
        writer.rollback()
        return f"{group[0].migration}: {error.message}"
    return ""


def key_of(question: ReplayQuestion, scratch: Scratch) -> str:
    """A hash of everything that decides what a replay makes."""
    parts = {
        "repository": question.repository,
        "source": question.source.kind.value,
        "module": to_json(replace(question.module, environments=())),
        "engine": question.like.engine.value,
        "scratch": scratch.version_for(question.like.engine_version) or "",
        "code": code_of(question.source, question.tree, question.module),
        "revisions": sorted(question.revisions),
        "then": [[item.sql, item.group] for item in question.then],
        "dependencies": question.python.digest if question.python else "",
        "role": question.like.writing_role,
        "roles": list(question.like.roles),
        "rights": list(question.like.server_rights),
        "settings": [list(item) for item in question.like.settings],
        "extensions": [list(item) for item in question.like.extensions],
        "declared": question.declared,
        "format": 2,
    }
    return sha256(canonical(parts))
