"""What a report is made of: everything that was found out about one module on one environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workers.core.codec import canonical, sha256
from workers.core.diff import Change, change_to_json
from workers.core.names import Direction, Engine, SourceKind
from workers.core.plan import Migration, Plan
from workers.core.policy import DriftItem
from workers.core.progress import Unverified
from workers.core.refusals import Refusal
from workers.core.schema import Excluded, Name, Snapshot


@dataclass(frozen=True, slots=True)
class Suggested:
    """A migration that the source's own tool would write for what the models say beyond the migrations, ready to commit."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What `00-connection-check.md` says. `rights` are of the role that read; `superfluous` are rights it should not have.

    `limits` are sentences about what the writing role cannot do there, or what cannot run there as it is.
    """

    engine: Engine
    version: str
    server: str
    database: str
    connection: str
    tls: str
    reading_role: str
    writing_role: str
    separate_read_role: bool
    read_only_proven: bool
    rights: tuple[str, ...]
    superfluous: tuple[str, ...]
    extensions: tuple[tuple[str, str, str], ...]
    session: tuple[tuple[str, str], ...]
    tables: int
    bytes: int
    blockers: tuple[str, ...] = ()
    pooled: bool = False
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One difference between what the applied migrations make and what the target is, numbered so that `--accept drift-1` can name it.

    `children` come with it (the columns of a new table); `revert` is the SQL that leads back, empty where it is not certain.
    """

    number: str
    change: Change
    touches_plan: bool
    children: tuple[Change, ...] = ()
    revert: str = ""

    @property
    def item(self) -> DriftItem:
        """The drift as the gate sees it."""
        return DriftItem(
            number=self.number,
            label=f"{self.change.kind.value} {self.change.label}",
            touches_plan=self.touches_plan,
            identity=sha256(canonical((self.change, *self.children))),
        )


def drift_to_json(item: Drift) -> dict[str, Any]:
    """Return one item of drift: its change, what comes with it, and the SQL that leads back where it is certain."""
    found = {
        "number": item.number,
        "touches_plan": item.touches_plan,
        **change_to_json(item.change),
        "revert": item.revert or None,
    }
    return found | ({"children": [change_to_json(child) for child in item.children]} if item.children else {})


@dataclass(frozen=True, slots=True)
class Unmerged:
    """A revision that is applied and not merged: which pull applied it."""

    revision: str
    pull: int


@dataclass(frozen=True, slots=True)
class Unlike:
    """A migration that ran on an environment which comes first, with other statements than it would run here."""

    environment: str
    migration: str
    ran: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was found out. Without `preflight` the target was not reached; without `plan` nothing can be applied, and `refusals` say why.

    `recorded` is the content of the source's version table, `heads` what the merge result leads to. `undeclared` are the entries of the models'
    comparison that the base does not have already; `excluded` is what the filter took out of the live schema. `notes` are plain sentences
    for the report; `rehearsed` says whether the plan ran on a copy.
    """

    module: str
    environment: str
    direction: Direction = Direction.UPGRADE
    engine: Engine | None = None
    preflight: Preflight | None = None
    recorded: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    applied: int = 0
    pending: tuple[Migration, ...] = ()
    unmerged: tuple[Unmerged, ...] = ()
    drift: tuple[Drift, ...] = ()
    drift_known: bool = False
    undeclared: tuple[str, ...] = ()
    undeclared_known: bool = False
    live: Snapshot | None = None
    excluded: tuple[Excluded, ...] = ()
    expected: Snapshot | None = None
    after: Snapshot | None = None
    plan: Plan | None = None
    refusals: tuple[Refusal, ...] = ()
    waits_for: tuple[str, ...] = ()
    unverified: tuple[Unverified, ...] = ()
    unlike: tuple[Unlike, ...] = ()
    version_table: Name = ()
    version_columns: tuple[str, ...] = ()
    source: SourceKind | None = None
    suggested: Suggested | None = None
    notes: tuple[str, ...] = ()
    rehearsed: bool = False
    examined_at: str = ""
