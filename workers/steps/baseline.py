"""A database that is not empty and records nothing: which revision made it, or which one comes nearest."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from workers.core.codec import canonical, from_json, sha256
from workers.core.names import Direction, SourceKind
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.schema import Snapshot, snapshot_from_json, snapshot_to_json
from workers.ports import Services
from workers.steps.bookkeep import replay_named
from workers.steps.draft import Draft
from workers.steps.drifting import Place, Replaying, differences, tell_drift
from workers.steps.ladder import Rung, climb
from workers.steps.question import Known
from workers.steps.replay import ReplayQuestion, key_of
from workers.steps.sight import seen, seen_live

MOST_SECONDS = 300.0
_WITHOUT_CODE = frozenset({RefusalCode.SANDBOX_UNAVAILABLE, RefusalCode.DEPENDENCIES_UNAVAILABLE})


def needed(draft: Draft, *, empty: bool, table_there: bool) -> Refusal | None:
    """The refusal of a target that has objects and no record of any migration."""
    environment = draft.question.environment.name
    if draft.recorded or empty or table_there or draft.question.direction is Direction.BASELINE:
        return None
    prismas = " (Prisma's P3005)" if draft.source is SourceKind.PRISMA else ""
    return Refusal(
        code=RefusalCode.BASELINE_NEEDED,
        message=f"{environment} is not empty and records no migration{prismas}",
        fix=f"find the revision that made it, then comment `/baseline {environment} REVISION`",
        actor=Actor.APPROVER,
    )


def compare_with_named(draft: Draft, known: Known, services: Services) -> None:
    """Number what separates the target from what the named revision makes: each must be accepted, and stays drift."""
    if known.question.direction is not Direction.BASELINE or set(known.to) == set(known.recorded):
        return
    replayed = replay_named(known, services)
    if replayed.snapshot is None:
        return
    tell_drift(draft, replayed.snapshot, Place(database=known.database, table=known.version_table, made=known.made))
    if draft.drift:
        draft.notes.append(
            f"drift is told from what {known.pending[-1].id} makes; what is accepted stays as it is, and is shown as drift from then on"
        )


def name_revision(draft: Draft, services: Services, replaying: Replaying) -> None:
    """Let the refusal name the revision of the base branch that makes just what is live; else the nearest one, with what differs as drift."""
    codes = [item.code for item in draft.refusals]
    if RefusalCode.BASELINE_NEEDED not in codes or _WITHOUT_CODE & set(codes) or draft.live is None:
        return
    if not replaying.base.revisions or not _has_scratch(replaying):
        return
    found = _search(draft, draft.live, services, replaying)
    place = codes.index(RefusalCode.BASELINE_NEEDED)
    draft.refusals[place] = replace(draft.refusals[place], fix=_advice(draft, found, services, replaying))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Every revision that makes just what is live; the newest of those that come nearest, and how many objects differ from it.

    `near` is False where an empty database is as near; `ended` says why not every revision was looked at.
    """

    equal: tuple[str, ...] = ()
    nearest: str = ""
    count: int = 0
    near: bool = False
    ended: str = ""


def _advice(draft: Draft, found: _Found, services: Services, replaying: Replaying) -> str:
    environment = draft.question.environment.name
    line = f"comment `/baseline {environment} {{}}`"
    looked = f" (not every revision was looked at: {found.ended})" if found.ended else ""
    if found.equal:
        others = ", ".join(found.equal[:-1])
        also = (
            f", and what {others} leave{'s' if len(found.equal) == 2 else ''}, without the rows written since"
            if others
            else ""
        )
        return f"its schema is exactly what {found.equal[-1]} leaves{also}{looked}: {line.format(found.equal[-1])}"
    if not found.near:
        return (
            f"no revision makes a schema like this one{looked}; find out what made it, then {line.format('REVISION')}"
        )
    kept = services.replays.get(_key_of_nearest(draft, replaying))
    if kept is not None:
        tell_drift(draft, snapshot_from_json(json.loads(kept)), replaying)
    many = f"{found.count} object{'s' if found.count != 1 else ''}"
    return (
        f"no revision makes just this schema{looked}; the nearest is {found.nearest}, and {many} differ, listed as drift from it: "
        f"bring the database to that state by hand, or accept each by its number; for either {line.format(found.nearest)}"
    )


def _search(draft: Draft, live: Snapshot, services: Services, replaying: Replaying) -> _Found:
    """Climb the history, or return what the same climb found before."""
    key = _key(draft, replaying)
    kept = services.replays.get(key)
    if kept is not None:
        return from_json(_Found, json.loads(kept))
    environment, until = draft.question.environment, services.clock.now() + MOST_SECONDS
    nothing = len(differences(replace(live, objects=()), seen_live(live, environment, replaying.made), replaying.table))
    best: tuple[int, Rung | None] = (nothing, None)
    equal: list[str] = []

    def look(rung: Rung) -> bool:
        nonlocal best
        there = seen_live(live, environment, replaying.made, rung.snapshot)
        count = len(differences(seen(rung.snapshot, environment), there, replaying.table))
        best = (count, rung) if count <= best[0] else best
        if not count:
            equal.append(rung.revision)
        return services.clock.now() < until

    ended = climb(_whole_history(draft, replaying), replaying.database, replaying.base, look)
    count, rung = best
    near = rung is not None and count < nothing
    found = _Found(equal=tuple(equal), nearest=rung.revision if rung else "", count=count, near=near, ended=ended)
    if rung is not None and not equal:
        services.replays.keep(_key_of_nearest(draft, replaying), json.dumps(snapshot_to_json(rung.snapshot)))
    services.replays.keep(key, canonical(found).decode())
    return found


def _has_scratch(replaying: Replaying) -> bool:
    return replaying.database.scratch(None).version_for(replaying.dump.engine_version) is not None


def _whole_history(draft: Draft, replaying: Replaying) -> ReplayQuestion:
    return ReplayQuestion(
        repository=draft.question.repository,
        module=draft.question.module,
        source=replaying.source,
        tree=draft.question.checkout.base,
        revisions=replaying.base.heads,
        then=(),
        like=replaying.dump,
        python=replaying.python,
    )


def _key(draft: Draft, replaying: Replaying) -> str:
    """Everything that the answer depends on: the code, the live schema, and how the environment looks at it."""
    replays = key_of(_whole_history(draft, replaying), replaying.database.scratch(None))
    look = sha256(canonical(draft.question.environment))
    return sha256(canonical(["baseline", replays, draft.live.fingerprint if draft.live else "", look]))


def _key_of_nearest(draft: Draft, replaying: Replaying) -> str:
    return sha256(canonical(["nearest", _key(draft, replaying)]))
