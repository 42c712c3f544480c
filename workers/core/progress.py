"""How far a plan got: which of its statements a database shows, which it lacks, and what a failed one left behind.

Judged statement by statement, by effects and by the content of the version table; where neither shows anything, the journal tells.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from workers.core.plan import Plan, Statement, StatementKind
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.schema import Name, ObjectKind, SchemaObject, Snapshot


class Ran(StrEnum):
    """What the journal says of a statement: it stayed, it did not, or the journal ends before that was known."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Indexes of the plan's own statements, and the invalid indexes that a failed build left.

    `unclear` are statements of which some effect is there and some is not, or what is there comes from neither side of them.
    """

    done: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    unclear: tuple[int, ...] = ()
    left: tuple[SchemaObject, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a rollout that stopped half way left on its target: the statements that stuck, and the recorded revisions."""

    done: tuple[int, ...]
    recorded: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stalled:
    """A rollout that stopped half way and holds its target: its number there, its plan, and what the journal says of each statement."""

    sequence: int
    plan: Plan
    ran: tuple[Ran, ...]


class _Vote(StrEnum):
    THERE = "there"
    NOT_THERE = "not there"
    OTHERWISE = "otherwise"


_Spot = tuple[ObjectKind, Name] | None  # an object, or the content of the version table
_State = SchemaObject | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class _Line:
    """The states that one spot goes through while a plan runs: before it, and after each statement that changes it."""

    before: _State
    after: list[tuple[int, _State]] = field(default_factory=list)

    def vote(self, index: int, now: _State) -> _Vote | None:
        """What this spot says of a statement; nothing where it looks the same before and after."""
        earlier = now == self.before or any(now == state for number, state in self.after if number < index)
        later = any(now == state for number, state in self.after if number >= index)
        if earlier and later:
            return None
        if earlier or self.leaves(now):
            return _Vote.NOT_THERE
        return _Vote.THERE if later else _Vote.OTHERWISE

    def leaves(self, now: _State) -> bool:
        """Whether a build of an index that failed left it there, invalid."""
        built = any(isinstance(state, SchemaObject) and state.get("invalid") is not True for _, state in self.after)
        invalid = isinstance(now, SchemaObject) and now.kind is ObjectKind.INDEX and now.get("invalid") is True
        return self.before is None and built and invalid


def progress(plan: Plan, live: Snapshot, recorded: tuple[str, ...], ran: tuple[Ran, ...]) -> Progress:
    """Judge by what is live and recorded now; `ran` is the journal's word on each statement of the plan."""
    lines = _lines(plan)
    now = _states(live, recorded)
    votes = {index: _votes(index, item, lines, now) for index, item in _own(plan)}
    verdicts = {index: _verdict(index, item, plan, votes, ran) for index, item in _own(plan)}
    left = [now.get(spot) for spot, line in lines.items() if line.leaves(now.get(spot))]
    return Progress(
        done=tuple(index for index, verdict in verdicts.items() if verdict is Ran.YES),
        missing=tuple(index for index, verdict in verdicts.items() if verdict is Ran.NO),
        unclear=tuple(index for index, verdict in verdicts.items() if verdict is Ran.UNKNOWN),
        left=tuple(item for item in left if isinstance(item, SchemaObject)),
    )


def whole_groups(plan: Plan, found: Progress) -> int:
    """How many transaction groups from the first on are there whole."""
    lacking = {item.group for index, item in _own(plan) if index not in found.done}
    return min(lacking, default=len(plan.body.groups))


def counted(plan: Plan, done: tuple[int, ...]) -> tuple[int, int]:
    """(how many stuck, of how many), as people count: without bookkeeping, unless there is nothing else."""
    read = [index for index, item in _own(plan) if item.parsed.kind is not StatementKind.BOOKKEEPING]
    shown = read or [index for index, _ in _own(plan)]
    return sum(1 for index in shown if index in done), len(shown)


def _own(plan: Plan) -> Iterator[tuple[int, Statement]]:
    statements = plan.body.statements
    return ((index, statements[index]) for index in range(plan.first_own, len(statements)))


def _own_records(plan: Plan) -> Iterator[tuple[str, ...] | None]:
    return itertools.islice(plan.records, plan.first_own, None)


def _lines(plan: Plan) -> dict[_Spot, _Line]:
    found: dict[_Spot, _Line] = {None: _Line(tuple(sorted(plan.key.recorded)))}
    for (index, item), records in zip(_own(plan), _own_records(plan), strict=True):
        for change in item.effect:
            line = found.setdefault((change.kind, change.name), _Line(change.before))
            line.after.append((index, change.after))
        if records is not None:
            found[None].after.append((index, records))
    return {spot: line for spot, line in found.items() if line.after}


def _states(live: Snapshot, recorded: tuple[str, ...]) -> dict[_Spot, _State]:
    found: dict[_Spot, _State] = {(item.kind, item.name): item for item in live.objects}
    return found | {None: tuple(sorted(recorded))}


def _votes(index: int, item: Statement, lines: dict[_Spot, _Line], now: dict[_Spot, _State]) -> set[_Vote]:
    spots: list[_Spot] = [(change.kind, change.name) for change in item.effect]
    spots += [None] if item.records is not None else []
    found = (lines[spot].vote(index, now.get(spot)) for spot in spots)
    return {vote for vote in found if vote is not None}


def _verdict(index: int, item: Statement, plan: Plan, votes: dict[int, set[_Vote]], ran: tuple[Ran, ...]) -> Ran:
    """By its own effects; a statement that shows nothing by the journal, and then by what committed together with it."""
    told = ran[index] if index < len(ran) else Ran.UNKNOWN
    if item.batch and told is Ran.UNKNOWN:
        return _ended(index, item, plan, votes)
    if votes[index]:
        return _agreed(votes[index])
    if told is not Ran.UNKNOWN or not item.transactional:
        return told
    together = (votes[other] for other, each in _own(plan) if each.group == item.group and each.transactional)
    return _agreed({vote for found in together for vote in found})


def _ended(index: int, item: Statement, plan: Plan, votes: dict[int, set[_Vote]]) -> Ran:
    """Of a script with transactions of its own effects do not tell which rows it wrote; only its record says that it came to its end."""
    later = (votes[other] for other, each in _own(plan) if other > index and each.migration == item.migration)
    return Ran.YES if {_Vote.THERE} in later else Ran.UNKNOWN


def _agreed(votes: set[_Vote]) -> Ran:
    if votes == {_Vote.THERE}:
        return Ran.YES
    return Ran.NO if votes == {_Vote.NOT_THERE} else Ran.UNKNOWN


@dataclass(frozen=True, slots=True)
class Unverified:
    """A migration that is recorded on an environment, by a rollout (of that pull) that stopped half way, was unlocked and never verified."""

    environment: str
    migration: str
    pull: int

    def refusal(self, waiting: str) -> Refusal:
        """Why an environment that comes later waits for it; a rollout there that goes through ends the doubt."""
        there, pull = self.environment, self.pull
        return Refusal(
            code=RefusalCode.ENVIRONMENT_ORDER,
            message=f"{waiting} waits for {there}: what #{pull} left of {self.migration} there was never verified",
            fix=f"in #{pull} comment `/rollback {there}`, approve that, and apply it there again; or let any later migration be applied on {there}",
            actor=Actor.APPROVER,
        )
