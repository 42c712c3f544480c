"""What speaks against freezing a proven plan: a mismatch with the recording, objects not compared, rows that were asked for."""

from __future__ import annotations

from workers.core.config import DataRule
from workers.core.diff import diff, diff_objects
from workers.core.plan import Plan
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.schema import Name
from workers.steps.proof import Proof, Recorded
from workers.steps.question import Known
from workers.steps.rest import Rest


def mismatches(known: Known, proof: Proof, recorded: Recorded | None) -> list[Refusal]:
    if proof.forward.refusals:
        return []
    if proof.recorded_after != tuple(sorted(known.to)):
        left, wanted = ", ".join(proof.recorded_after) or "nothing", ", ".join(known.to) or "nothing"
        message = f"the version table ends with {left} where the history says {wanted}"
        return [
            Refusal(
                code=RefusalCode.STATEMENT_FORBIDDEN,
                message=message,
                fix="leave the version table to the migration tool",
            )
        ]
    if proof.doubt:
        message = f"the tool itself does not agree with the records after the plan: {proof.doubt}"
        fix = "settle these migrations first"
        return [Refusal(code=RefusalCode.RECORDING_MISMATCH, message=message, fix=fix)]
    if known.rest is not None:
        return _elsewhere(known.rest, proof)
    if recorded is None:
        return []
    ours = proof.forward.after
    changes = (*diff(ours, recorded.after), *diff_objects(ours.authority, recorded.after.authority))
    found = [f"{change.kind.value} {change.label}" for change in changes]
    found += [f"rows of {'.'.join(name)}" for name in sorted(_unlike(proof, recorded))]
    found += [f"the record of {row[0]}" for row in sorted(set(proof.marks) ^ set(recorded.marks))]
    if not found:
        return []
    message = f"running the recorded statements again gave something else in: {', '.join(dict.fromkeys(found[:5]))}"
    fix = "write these changes through `op` and bound SQL, so that what runs is what can be shown"
    return [Refusal(code=RefusalCode.RECORDING_MISMATCH, message=message, fix=fix)]


def _elsewhere(rest: Rest, proof: Proof) -> list[Refusal]:
    """A continuation must end where the plan that it carries on ends."""
    there = {(item.kind, item.name): item for item in proof.forward.after.objects}
    ends = rest.plan.body.effect
    found = [item for item in ends if there.get((item.kind, item.name)) != item.after]
    if not found:
        return []
    names = ", ".join(f"{item.kind.value} {item.label}" for item in found[:5])
    message = f"what is missing of rollout {rest.marker.sequence} does not lead to where its plan leads: {names}"
    fix = "repair it by hand, then comment `/unlock`"
    return [Refusal(code=RefusalCode.REHEARSAL_FAILED, message=message, fix=fix, actor=Actor.APPROVER)]


def rows_by_chance(proof: Proof, recorded: Recorded) -> tuple[str, ...]:
    """The tables whose rows came out otherwise when the same fixed script ran again: it writes times, or what chance gives."""
    same = {name for name, _ in proof.rows} & {name for name, _ in recorded.rows}
    differing = {name for name, _ in set(proof.rows) ^ set(recorded.rows)}
    return tuple(".".join(name) for name in sorted(same & differing)) if recorded.recording.fixed else ()


def _unlike(proof: Proof, recorded: Recorded) -> set[Name]:
    """The tables whose rows are not the same; of a fixed script, those that have rows after one run alone."""
    if recorded.recording.fixed:
        return {name for name, _ in proof.rows} ^ {name for name, _ in recorded.rows}
    return {name for name, _ in set(proof.rows) ^ set(recorded.rows)}


def unread(known: Known, proof: Proof) -> list[Refusal]:
    """Something that the plan touches is of a kind that snapshots do not hold, so its effect could not be compared."""
    touched = {change.parent for change in diff(proof.forward.before, proof.forward.after)}
    touched |= {name for item in proof.forward.statements for name in item.parsed.writes}
    met = [item for item in known.live.unread if item.name in touched]
    return [
        Refusal(
            code=RefusalCode.UNREAD_OBJECT,
            message=f"the plan touches the {item.kind} {'.'.join(item.name)}, which is not compared: {item.why}",
            fix="run this migration by hand, then comment `/mark-applied`",
            actor=Actor.APPROVER,
        )
        for item in met
    ]


def rows_read(
    known: Known, proof: Proof, recorded: Recorded | None
) -> tuple[tuple[tuple[str, Name], ...], list[Refusal]]:
    """The rows that migrations asked for, and a refusal for each migration that found some in the live target."""
    reads = tuple(dict.fromkeys((*(known.rest.reads if known.rest else ()), *proof.forward.reads)))
    if recorded is not None and recorded.served:
        reads = tuple(dict.fromkeys((*reads, *_unreported(known, recorded, {name[-1] for _, name in reads}))))
    if not reads:
        return (), []
    with known.target.reading() as reader:
        full = {name for name in {item for _, item in reads} if reader.has_rows(name)}
    strict = known.question.environment.data_dependent is DataRule.REFUSE
    blocking = [(revision, name) for revision, name in reads if strict or name in full]
    return reads, list(_data_dependent(blocking))


def rows_there_now(known: Known, plan: Plan) -> tuple[Refusal, ...]:
    """The tables that a stored plan needs empty, asked again; it is judged at planning, at approval and under the lock."""
    if not plan.body.reads_rows:
        return ()
    with known.target.reading() as reader:
        full = {name for name in {item for _, item in plan.body.reads_rows} if reader.has_rows(name)}
    return _data_dependent([item for item in plan.body.reads_rows if item[1] in full])


def _unreported(known: Known, recorded: Recorded, seen: set[str]) -> list[tuple[str, Name]]:
    """Tables that the copy's own server log says were read, and the recording does not."""
    tables = (
        {item.name[-1] for item in known.live.objects if item.kind.value == "table"} - {known.version_table[-1]} - seen
    )
    found = known.database.reads(recorded.served)
    return [("env.py", name) for name in found if name[-1] in tables]


def _data_dependent(reads: list[tuple[str, Name]]) -> tuple[Refusal, ...]:
    """A refusal for each migration, with the tables that it reads."""
    found: dict[str, list[str]] = {}
    for revision, name in reads:
        found.setdefault(revision, []).append(".".join(name))
    fix = "rewrite it set-based (INSERT … SELECT, UPDATE … WHERE), split it, or run it by hand and comment `/mark-applied`"
    said = "migration {} reads rows of {} to decide what to write, and a copy has no rows"
    return tuple(
        Refusal(
            code=RefusalCode.DATA_DEPENDENT, message=said.format(revision, ", ".join(dict.fromkeys(names))), fix=fix
        )
        for revision, names in found.items()
    )
