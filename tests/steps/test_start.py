"""Where what is expected starts when no replay can say it, and what makes a kept snapshot count."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.builders import COLUMN, INDEX, a_plan, a_snapshot, a_statement, added, an_approval
from workers.core.names import Direction
from workers.core.plan import Plan
from workers.core.schema import Snapshot, snapshot_to_json
from workers.ports import Services
from workers.steps.past import Past, Trace
from workers.steps.start import adopted, last_seen

LIVE = a_snapshot(INDEX)


def an_adoption(live: Snapshot = LIVE) -> Plan:
    """A plan of no statement that takes a schema for the start."""
    plan = a_plan((), direction=Direction.BASELINE, recorded=("r1",), live=live.binding())
    return replace(plan, body=replace(plan.body, recorded_after=("r1",)))


def an_upgrade() -> Plan:
    """One that brings a column."""
    plan = a_plan((a_statement(effect=(added(COLUMN),)),), recorded=("r1",))
    return replace(plan, body=replace(plan.body, recorded_after=("r2",)))


def traced(services: Services, plan: Plan, name: str, snapshot: Snapshot) -> Trace:
    """A plan that ran, with a document of its rollout as our state holds it."""
    services.store.keep_plan(plan, lambda: "abcdefg")
    rollout = services.store.start_rollout(plan.digest, "db")
    services.store.keep_document(rollout.id, name, json.dumps(snapshot_to_json(snapshot)))
    return Trace(plan, None, rollout.id, "2026-08-01T10:00:00.000Z")


def kept(services: Services, *, approved: bool = True, snapshot: Snapshot = LIVE) -> Trace:
    """An adoption."""
    plan = an_adoption()
    if approved:
        services.store.keep_approval(7, 3, an_approval(plan))
    return traced(services, plan, "before.json", snapshot)


def test_the_adopted_schema_is_moved_by_what_ran_since(services: Services):
    start = adopted(Past((Trace(an_upgrade()), kept(services), Trace(an_upgrade()))), ("r2",), services)
    assert start is not None
    assert start.snapshot is not None
    assert start.snapshot.objects == a_snapshot(INDEX, COLUMN).objects
    assert "adopted at 2026-08-01 10:00 UTC" in start.said
    assert "moved by 1 rollout since" in start.said


def test_without_an_adoption_there_is_no_such_start(services: Services):
    assert adopted(Past((Trace(an_upgrade()),)), ("r2",), services) is None


def test_a_snapshot_that_is_not_the_approved_one_is_not_believed(services: Services):
    start = adopted(Past((kept(services, snapshot=a_snapshot()),)), ("r1",), services)
    assert start is not None
    assert start.snapshot is None


def test_an_adoption_that_nobody_approved_is_not_believed(services: Services):
    start = adopted(Past((kept(services, approved=False),)), ("r1",), services)
    assert start is not None
    assert start.snapshot is None


def test_revisions_that_others_recorded_since_end_what_a_start_explains(services: Services):
    past = Past((kept(services),))
    start = adopted(past, ("r9",), services)
    assert start is not None
    assert start.snapshot is None
    assert "no rollout of ours ran" in start.said
    assert last_seen(past, ("r9",), services).snapshot is None


def test_the_last_rollout_tells_what_was_there(services: Services):
    past = Past((traced(services, an_upgrade(), "after.json", LIVE),))
    assert last_seen(past, ("r2",), services).snapshot == LIVE
    assert last_seen(Past(), (), services).snapshot is None
