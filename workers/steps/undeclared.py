"""What the models say beyond the migrations: only entries that the base branch does not have already.

They block a pull that may have changed a model. One that brings nothing but migrations, for models that a package brings or that
follow later, is told where both differ.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

from workers.core.codec import canonical, from_json, sha256, to_json
from workers.core.examination import Suggested
from workers.core.names import Direction, SourceKind
from workers.core.refusals import Refusal, RefusalCode
from workers.ports import RecordDirection, Recording, RecordRequest, Services, Tree
from workers.rendering.statements import Room
from workers.steps.question import Known
from workers.steps.replay import Replayed, ReplayQuestion, code_digest, code_of, from_empty, replay

_WRITERS = {
    SourceKind.ALEMBIC: "alembic revision --autogenerate",
    SourceKind.PRISMA: "prisma migrate dev --create-only",
}
# What the models lack, in the words of either tool.
_GONE = re.compile(
    r'remove_\w+ (?:[\w$]+\.)*(?P<tools>[\w$]+)|(?:ALTER TABLE \S+ )?DROP (?:TABLE|COLUMN|INDEX|TYPE|CONSTRAINT) (?:"\w+"\.)?[`"](?P<sqls>[^`"]+)[`"]'
)
_WORD = re.compile(r"[\w$]+")
_NO_METADATA = "no metadata is given to `context.configure`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeclared:
    """The new entries; `known` is false where the models could not be compared, and `notes` say why.

    `suggested` is the migration that the tool itself would write for them, where it can.
    """

    entries: tuple[str, ...] = ()
    suggested: Suggested | None = None
    known: bool = False
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


def undeclared(known: Known, recording: Recording | None, services: Services) -> Undeclared:
    """Compare the models of the merge result with those of the base, each at its own head."""
    question = known.question
    if question.direction is not Direction.UPGRADE or question.checkout.merge is None:
        return Undeclared()
    if question.module.pushes:
        return Undeclared(known=True)
    if _code(known, known.merge) == _code(known, question.checkout.base):
        return Undeclared(known=True)
    key = _key(known)
    kept = services.replays.get(key)
    if kept is not None:
        return _judged(known, from_json(_New, json.loads(kept)))
    found = _declared_at_head(known, recording)
    if found.declared is None:
        return Undeclared(notes=(f"models and migrations were not compared: {found.error}",))
    before = _on_base(known, services) if found.declared else frozenset()
    entries = tuple(item for item in found.declared if item not in before)
    helps = entries and not _migrations_only(known) and not _made_by_its_migrations(known, entries)
    offered = found.suggested if helps else None
    new = _New(entries, offered, (*_older(found, entries, offered), *found.uncompared))
    services.replays.keep(key, canonical(new).decode())
    return _judged(known, new)


def _older(found: Replayed, entries: tuple[str, ...], offered: Suggested | None) -> tuple[str, ...]:
    """The tool writes all that is missing, and does not know what was missing before."""
    older = len(found.declared or ()) - len(entries)
    if not older or offered is None:
        return ()
    return (f"the migration to commit also holds {older} difference(s) that the base branch has already",)


@dataclass(frozen=True, slots=True)
class _New:
    """What is kept of a comparison."""

    entries: tuple[str, ...]
    suggested: Suggested | None
    uncompared: tuple[str, ...]


def _judged(known: Known, new: _New) -> Undeclared:
    if not new.entries:
        return Undeclared(known=True, notes=new.uncompared)
    if _migrations_only(known):
        note = (
            f"models and migrations differ in {len(new.entries)} new place(s); this pull brings migrations only, so that blocks nothing: "
            "write it into the models, unless they follow later or a package brings them"
        )
        place = _own_migration(known)
        notes = (f"{place[0]}:{place[1]}: {note}" if place else note, *new.uncompared)
        return Undeclared(entries=new.entries, known=True, notes=notes)
    why = (_refusal(known, new),)
    return Undeclared(entries=new.entries, suggested=new.suggested, known=True, refusals=why, notes=new.uncompared)


def _made_by_its_migrations(known: Known, entries: tuple[str, ...]) -> bool:
    """Whether the pull's own migrations name all that its models lack: a migration that takes it away again helps nobody."""
    own = [item for item in known.history.revisions if known.base.get(item.id) is None]
    words = {
        word for item in own for word in _WORD.findall(str(known.merge.read(item.path) or b"", "utf-8", "replace"))
    }
    gone = [_GONE.match(entry) for entry in entries]
    return bool(own) and all(found and (found["tools"] or found["sqls"]) in words for found in gone)


def _place(known: Known, entry: str, changed: tuple[str, ...]) -> tuple[str, int] | None:
    """Where this pull changed the model, or took it away; where it left all models alone, its own first migration."""
    trees, module = (known.merge, known.question.checkout.base), known.question.module
    models = (known.source.place_of(tree, module, entry, changed) for tree in trees)
    here = {item.path for item in known.merge.entries()}
    found = next((place for place in models if place and place[0] in changed and place[0] in here), None)
    return found or _own_migration(known) or known.source.place_of(known.merge, module, entry, changed)


def _changed(known: Known) -> tuple[str, ...]:
    """The files besides migrations that are not as the base branch has them, those that are gone included."""
    sides = ({item.path: item.oid for item in tree.entries()} for tree in (known.question.checkout.base, known.merge))
    before, after = sides
    migrations = {item.path for item in (*known.history.revisions, *known.base.revisions)}
    paths = sorted(before.keys() | after.keys())
    return tuple(path for path in paths if before.get(path) != after.get(path) and path not in migrations)


def _own_migration(known: Known) -> tuple[str, int] | None:
    """Where the pull's own first migration stands."""
    own = (item for item in known.history.revisions if known.base.get(item.id) is None)
    return next(((item.path, item.line) for item in own), None)


def _migrations_only(known: Known) -> bool:
    """Whether the pull leaves all code but revision files as the base branch has it."""
    revisions = frozenset(item.path for item in (*known.history.revisions, *known.base.revisions))
    return code_digest(known.merge, revisions) == code_digest(known.question.checkout.base, revisions)


def _key(known: Known) -> str:
    """Everything that the answer depends on; it holds for exactly this code, so a pull can only ever answer for itself."""
    parts = [
        "undeclared",
        known.question.repository,
        to_json(replace(known.question.module, environments=())),
        known.database.engine.value,
        known.dump.engine_version,
        _code(known, known.merge),
        _code(known, known.question.checkout.base),
        known.live.fingerprint if known.adopted else "",
        known.python.digest if known.python else "",
        4,  # the format of what is kept
    ]
    return sha256(canonical(parts))


def _code(known: Known, tree: Tree) -> str:
    return code_of(known.source, tree, known.question.module)


def _declared_at_head(known: Known, recording: Recording | None) -> Replayed:
    """What the models of the merge result say at its own head; drift of the target must neither appear here nor hide anything."""
    if known.drifted and not known.adopted:
        replayed = from_empty(_at_head(known, known.merge, known.history.heads), known.database.scratch(None))
        return replace(replayed, error=replayed.error or _NO_METADATA)
    if recording is None:
        recording = _on_copy(known, known.merge, known.history.heads)
    why = recording.declared_error or recording.error or _NO_METADATA
    return Replayed(None, recording.declared, why, recording.created, recording.uncompared)


def _on_base(known: Known, services: Services) -> frozenset[str]:
    base = known.question.checkout.base
    if known.adopted:  # both sides on copies of what is live: what drifted there is on both
        return frozenset(_on_copy(known, base, known.base.heads).declared or ())
    asked = _at_head(known, base, known.base.heads)
    replayed = replay(asked, known.database.scratch(None), services.replays)
    return frozenset(replayed.declared or ())


def _on_copy(known: Known, tree: Tree, heads: tuple[str, ...]) -> Recording:
    with known.database.scratch(None).clone(known.dump) as copy:
        return known.source.record(
            RecordRequest(
                tree=tree,
                module=known.question.module,
                address=copy.address,
                engine=known.database.engine,
                direction=RecordDirection.UPGRADE,
                to=heads,
                done=known.recorded,
                declared=True,
                python=known.python,
            ),
        )


def _at_head(known: Known, tree: Tree, heads: tuple[str, ...]) -> ReplayQuestion:
    return ReplayQuestion(
        repository=known.question.repository,
        module=known.question.module,
        source=known.source,
        tree=tree,
        revisions=heads,
        then=(),
        like=known.dump,
        python=known.python,
        declared=True,
    )


def _refusal(known: Known, new: _New) -> Refusal:
    entries, changed = new.entries, _changed(known)
    if _made_by_its_migrations(known, entries):
        changed = ()
    places = [_place(known, entry, changed) for entry in entries[:3]]
    place = places[0]
    words = [
        f"{entry} ({at[0]}:{at[1]})" if at and at != place else entry
        for entry, at in zip(entries, places, strict=False)
    ]
    shown = "; ".join(words) + ("; …" if len(entries) > 3 else "")
    fix = f"commit a migration for it (`{_WRITERS[known.source.kind]}`)"
    if _made_by_its_migrations(known, new.entries):
        fix = "write into the models what the migrations of this pull make, or take it out of them"
    if new.suggested is not None and new.suggested.text.count("\n") < Room().sql:
        fix = f"commit a migration for it: this report holds the one that the tool would write, ready for {new.suggested.path}"
    return Refusal(
        code=RefusalCode.UNDECLARED_CHANGES,
        message=f"the models and the migrations of this pull differ in {len(entries)} place(s): {shown}",
        fix=fix,
        path=place[0] if place else None,
        line=place[1] if place else None,
    )
