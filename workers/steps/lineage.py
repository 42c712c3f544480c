"""What a history and the recorded revisions say together: which migrations are applied, pending, edited, unknown."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from workers.core.plan import Migration
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.ports import History, Revision, Tree


def applied(history: History, recorded: tuple[str, ...]) -> frozenset[str]:
    """Every revision that the recorded ones stand for: themselves and all they follow."""
    parents = {item.id: (*item.down, *item.depends) for item in history.revisions}
    found: set[str] = set()
    todo = [item for item in recorded if item in parents]
    while todo:
        revision = todo.pop()
        if revision not in found:
            found.add(revision)
            todo.extend(parent for parent in parents[revision] if parent in parents)
    return frozenset(found)


def pending(history: History, base: History, recorded: tuple[str, ...]) -> tuple[Migration, ...]:
    """The migrations still to run, in order; each says whether the base branch has it already."""
    done = applied(history, recorded)
    return tuple(migration(item, base) for item in history.revisions if item.id not in done)


def to_undo(
    history: History, base: History, recorded: tuple[str, ...], back_to: tuple[str, ...]
) -> tuple[Migration, ...]:
    """The migrations that a rollback takes back, newest first."""
    kept = applied(history, back_to)
    done = applied(history, recorded)
    return tuple(migration(item, base) for item in reversed(history.revisions) if item.id in done - kept)


def up_to(history: History, base: History, revision: str) -> tuple[Migration, ...]:
    """The migrations that a baseline at a revision records: it alone, or all up to it where each is recorded by itself."""
    ids = [item.id for item in history.revisions]
    last = next((name for name in ids if name == revision), None)
    if last is None:
        return ()
    first = 0 if history.separate else ids.index(last)
    return tuple(migration(item, base) for item in history.revisions[first : ids.index(last) + 1])


def out_of_order(history: History, pending: tuple[Migration, ...], recorded: tuple[str, ...]) -> list[str]:
    """A note for each pending migration whose name puts it before one that is applied already."""
    ids = [item.id for item in history.revisions] if history.separate else []
    done = [number for number, name in enumerate(ids) if name in recorded]
    newest = done[-1] if done else -1
    said = "{0.path}:1: {0.id} is named before {1}, which is applied already: here it runs after it, in a new database before it; {2}"
    fix = "rename its folder so that it comes last, unless the two have nothing to do with each other"
    late = (item for item in pending if item.id in ids and ids.index(item.id) < newest)
    return [said.format(item, ids[newest], fix) for item in late]


def migration(revision: Revision, base: History) -> Migration:
    """The plan's form of one revision."""
    return Migration(revision.id, revision.content, revision.path, revision.title, base.get(revision.id) is not None)


def unknown(history: History, base: History, recorded: tuple[str, ...], applied_by: dict[str, int]) -> list[Refusal]:
    """A refusal for each recorded revision that both histories lack; names the pull that applied it where that is known."""
    found = []
    for revision in recorded:
        if history.get(revision) is None and base.get(revision) is None:
            pull = applied_by.get(revision)
            message = f"the database has revision {revision}, which this pull's history lacks"
            if pull is not None:
                message += f"; it was applied from #{pull}, which is not merged"
            fix = (
                f"merge #{pull} first, then rebase"
                if pull is not None
                else "rebase on the branch that holds it, or restore its file"
            )
            found.append(Refusal(code=RefusalCode.UNKNOWN_REVISION, message=message, fix=fix, actor=Actor.AUTHOR))
    return found


def edited(
    history: History, base: History, recorded: tuple[str, ...], stored: dict[str, str]
) -> tuple[list[Refusal], list[str]]:
    """Judge applied revisions whose content changed: against the base tip, or where base lacks them against what we applied.

    Returns refusals, and notes for a difference that the base itself carries already.
    """
    refusals, notes, done = [], [], applied(history, recorded)
    for revision in (item for item in history.revisions if item.id in done):
        on_base, ours = base.get(revision.id), stored.get(revision.id)
        before = on_base.content if on_base else ours
        if before is not None and before != revision.content:
            refusals.append(_edited(revision))
        elif on_base and ours is not None and ours != on_base.content:
            notes.append(f"{revision.id} was changed on the base branch after it was applied")
    there = applied(base, (*done, *recorded))
    gone = [item for item in base.revisions if item.id in there and history.get(item.id) is None]
    refusals.extend(_deleted(item) for item in gone)
    return refusals, notes


def at_change(refusal: Refusal, base: Tree, here: Tree) -> Refusal:
    """The same at the first line that is not as on the base branch."""
    path = refusal.path or ""
    old, new = (tree.read(path) if path else None for tree in (base, here))
    if old is None or new is None:
        return refusal
    before, after = old.splitlines(), new.splitlines()
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    return refusal if before == after else replace(refusal, line=max(min(alike + 1, len(after)), 1))


def _edited(revision: Revision) -> Refusal:
    return Refusal(
        code=RefusalCode.EDITED_MIGRATION,
        message=f"{revision.path} was applied already and is changed here",
        fix="restore the file, and write the change as a new migration",
        path=revision.path,
        line=revision.line,
    )


def _deleted(revision: Revision) -> Refusal:
    message = f"{revision.path} was applied already and is deleted here"
    return Refusal(
        code=RefusalCode.EDITED_MIGRATION, message=message, fix="restore the file", path=revision.path, line=1
    )
