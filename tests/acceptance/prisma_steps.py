"""The real steps of a Prisma project as commits: what its `prs.jsonl` says of each, with the texts that the corpus has.

The corpus keeps each migration as it is at head. A name that was changed later has that text under its older name; a script that was
edited had another text before, which is not kept, so a comment stands for it; of one that was deleted only the name is known, so a
script that does nothing stands for it. The schema is known around the newest steps; before them it is the oldest one that is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.prisma_projects import SCHEMA, Files, PrismaHistory
from workers.sources.prisma.history import Script
from workers.sources.prisma.order import in_order

REWRITES = frozenset({"edited_existing", "deleted", "renamed"})
_AS_IT_WAS = "\n-- before it was edited\n"
_UNKNOWN = "SELECT 1;\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step: the repository on both sides of it, and its scripts: those that the target has `done`, and those that it has `then`."""

    id: str
    kinds: frozenset[str]
    before: Files
    after: Files
    done: tuple[Script, ...]
    then: tuple[Script, ...]

    @property
    def number(self) -> int:
        """Its place, from 1."""
        return int(self.id.rpartition("-")[2])

    @property
    def differs(self) -> bool:
        """Whether anything that is known of it differs."""
        return self.before != self.after

    @property
    def schema_differs(self) -> bool:
        """Whether the schema does."""
        return self.before[SCHEMA] != self.after[SCHEMA]

    @property
    def rewrites(self) -> bool:
        """Whether it edits, deletes or renames what is there."""
        return bool(self.kinds & REWRITES)

    @property
    def added(self) -> tuple[str, ...]:
        """The names that are new."""
        known = {script.name for script in self.done}
        return tuple(script.name for script in self.then if script.name not in known)


def steps(history: PrismaHistory, corpus: Path) -> Iterator[Step]:
    """Every step, oldest first."""
    told = [json.loads(line) for line in (corpus / "prs.jsonl").read_text().splitlines()]
    later = {old: new for item in told for old, new in item["migrations_renamed"]}
    names: frozenset[str] = frozenset()
    schemas = _schemas(corpus, [item["step"] for item in told])
    for item, (before, after) in zip(told, schemas, strict=True):
        renamed = item["migrations_renamed"]
        gone = {*item["migrations_deleted"], *(old for old, _ in renamed)}
        then = (names - gone) | {*item["migrations_added"], *(name for _, name in renamed)}
        edited = frozenset(item["migrations_edited"])
        scripts = _scripts(history, later, names, edited), _scripts(history, later, then, frozenset())
        yield Step(
            id=item["step"],
            kinds=frozenset(item["kind"]),
            before=_files(history, before, scripts[0]),
            after=_files(history, after, scripts[1]),
            done=scripts[0],
            then=scripts[1],
        )
        names = then


def _schemas(corpus: Path, ids: list[str]) -> Iterator[tuple[str, str]]:
    """The schema on both sides of each step; where it is not kept after one, the next one may say what it was."""
    kept = [tuple(_kept(corpus, step, side) for side in ("before", "after")) for step in ids]
    known = next(before for before, _ in kept if before)
    for number, (before, after) in enumerate(kept):
        start = before or known
        known = after or (kept[number + 1][0] if number + 1 < len(kept) else None) or start
        yield start, known


def _kept(corpus: Path, step: str, side: str) -> str | None:
    path = corpus / "schema_steps" / f"{step}.{side}.prisma"
    return path.read_bytes().decode() if path.exists() else None


def _scripts(
    history: PrismaHistory, later: dict[str, str], names: frozenset[str], edited: frozenset[str]
) -> tuple[Script, ...]:
    return tuple(_script(history, later, name, _AS_IT_WAS if name in edited else "") for name in in_order(names))


def _script(history: PrismaHistory, later: dict[str, str], name: str, more: str) -> Script:
    known = name
    while known not in history.migrations and known in later:
        known = later[known]
    sql = history.script(known).sql if known in history.migrations else _UNKNOWN
    return Script(name=name, path=history.path_of(name), sql=f"{sql}{more}")


def _files(history: PrismaHistory, schema: str, scripts: tuple[Script, ...]) -> Files:
    return {**history.first(0), SCHEMA: schema, **{script.path: script.sql for script in scripts}}
