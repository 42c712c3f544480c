"""What is expected where no replay can say it: a schema that our state keeps, moved by what rollouts of ours did since."""

from __future__ import annotations

import json
from dataclasses import dataclass

from workers.core.diff import moved
from workers.core.schema import Snapshot, snapshot_from_json
from workers.ports import Services
from workers.steps.past import Past, Trace


@dataclass(frozen=True, slots=True)
class Start:
    """The expected schema, None where what is kept explains another state than the recorded one; `said` stands in every report."""

    snapshot: Snapshot | None
    said: str


def adopted(past: Past, recorded: tuple[str, ...], services: Services) -> Start | None:
    """The schema that an approved baseline took for the start, and all that our rollouts changed after it; None without such a baseline.

    The snapshot is believed because a sealed plan names its fingerprint, and a sealed approval that plan.
    """
    traces = past.since_adoption()
    if not traces:
        return None
    first, later = traces[0], traces[1:]
    said = f"the expected schema starts from the snapshot that was adopted at {_when(first)} by {_where(first)}, not from a replay"
    snapshot = _document(first, "before.json", services)
    if snapshot is None or snapshot.binding() != first.plan.key.live or not services.store.approvals(first.plan.digest):
        return Start(None, f"{said}; our state does not hold the snapshot that was approved")
    if set(traces[-1].after) != set(recorded):
        return Start(None, f"{said}; since then revisions were recorded that no rollout of ours ran")
    for trace in later:
        snapshot = moved(snapshot, trace.effect)
    moves = f", moved by {len(later)} rollout{'s' if len(later) != 1 else ''} since" if later else ""
    return Start(snapshot, f"{said}{moves}")


def last_seen(past: Past, recorded: tuple[str, ...], services: Services) -> Start:
    """The schema that our newest rollout left, as its evidence holds it, for a machine that cannot make a scratch database like the target."""
    last = past.traces[-1] if past.traces else None
    snapshot = _document(last, "after.json", services) if last and last.left is None else None
    if last is None or snapshot is None:
        return Start(
            None,
            "drift was not compared: nothing can be replayed here, and no verified rollout of ours left a snapshot",
        )
    if set(last.after) != set(recorded):
        return Start(
            None,
            "drift was not compared: nothing can be replayed here, and others recorded revisions since our last rollout",
        )
    said = f"drift is told from the snapshot that was committed at {_when(last)} by {_where(last)}, not from a replay"
    return Start(snapshot, said)


def _document(trace: Trace, name: str, services: Services) -> Snapshot | None:
    text = dict(services.store.documents(trace.rollout)).get(name)
    return snapshot_from_json(json.loads(text)) if text is not None else None


def _when(trace: Trace) -> str:
    return f"{trace.ended_at[:16].replace('T', ' ')} UTC"


def _where(trace: Trace) -> str:
    return f"#{trace.plan.key.pull}"
