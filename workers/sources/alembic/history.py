"""The graph of a project's revisions, read without running them: its order, its heads, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workers.core.refusals import Refusal, RefusalCode
from workers.ports import History, Revision, Tree, TreeEntry
from workers.sources.alembic import paths
from workers.sources.alembic.detect import Project
from workers.sources.alembic.revisions import FILE_BYTES, Unreadable, read_revision

REVISIONS = 5_000
TOTAL_BYTES = 64 * 1024 * 1024
"""More revisions, or more bytes of them, are not read."""

_MISSING_FIX = "Add the file that defines it, or correct the identifier."


def read_history(tree: Tree, project: Project) -> History:
    """Read every revision below the version locations. What cannot be read is a problem of the history, never an error."""
    files = _revision_files(tree, project)
    problems = [*project.problems, *_oddities(tree, project)]
    problems += [_several_databases(project)] if project.databases else []
    if len(files) > REVISIONS or sum(file.size for file in files) > TOTAL_BYTES:
        return History(revisions=(), heads=(), problems=(*problems, _too_many(project, len(files))))
    found = [_read(tree, file) for file in files]
    unreadable = [item for item in found if isinstance(item, Unreadable)]
    revisions = [item for item in found if isinstance(item, Revision)]
    problems += [_unreadable(item) for item in unreadable if not item.dynamic]
    dynamic = tuple(item.path for item in unreadable if item.dynamic)
    return order(revisions, problems=tuple(problems), unreadable=dynamic)


def order(
    revisions: list[Revision], *, problems: tuple[Refusal, ...] = (), unreadable: tuple[str, ...] = ()
) -> History:
    """Put revisions into an order in which they can run: after everything they come down from or depend on.

    With files that only running could read (`unreadable`), a missing parent may be in one of them and is no problem here.
    """
    by_id: dict[str, Revision] = {}
    found = list(problems)
    for revision in revisions:
        if revision.id in by_id:
            found.append(_duplicate(by_id[revision.id], revision))
        by_id.setdefault(revision.id, revision)
    parents = {item.id: _parents(item, by_id) for item in by_id.values()}
    if not unreadable:
        found += [_missing(item, name) for item in by_id.values() for name in parents[item.id] if name not in by_id]
    downs = {name for item in by_id.values() for name in item.down}
    heads = tuple(sorted(name for name in by_id if name not in downs))
    ordered, looping = _ordered(by_id, parents, heads)
    found += [_cycle(looping)] if looping else []
    found += [_several_heads(heads, by_id)] if len(heads) > 1 and not _labelled_apart(heads, by_id) else []
    return History(revisions=ordered, heads=heads, problems=tuple(found), unreadable=unreadable)


def lineage(history: History, tips: tuple[str, ...]) -> frozenset[str]:
    """The revisions named and everything they need."""
    by_id = {item.id: item for item in history.revisions}
    seen: set[str] = set()
    todo = [tip for tip in tips if tip in by_id]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += [parent for parent in _parents(by_id[name], by_id) if parent in by_id]
    return frozenset(seen)


def _revision_files(tree: Tree, project: Project) -> list[TreeEntry]:
    files = {}
    for place in project.version_locations:
        for entry in tree.entries(place):
            deeper = paths.folder_of(entry.path) != place
            name = entry.path.rpartition("/")[2]
            wanted = name.endswith(".py") and not name.startswith((".#", "__init__"))
            if wanted and (project.recursive or not deeper) and "__pycache__" not in entry.path:
                files[entry.path] = entry
    return [files[path] for path in sorted(files)]


def _read(tree: Tree, file: TreeEntry) -> Revision | Unreadable:
    if file.size > FILE_BYTES:
        return Unreadable(file.path, f"it is larger than {FILE_BYTES // 1024} KiB")
    content = tree.read(file.path)
    return Unreadable(file.path, "it could not be read") if content is None else read_revision(file.path, content)


def _oddities(tree: Tree, project: Project) -> Iterator[Refusal]:
    """Links and oversize files among the revisions: Alembic would follow them, we never do."""
    places = {place for place in (project.script_location, *project.version_locations) if place}
    odd = {path: what for place in places for path, what in tree.oddities(place)}
    odd |= {path: what for path, what in tree.oddities() if path in places}
    for path, what in sorted(odd.items()):
        name = path.rpartition("/")[2]
        if name.endswith((".py", ".mako")) or "." not in name:
            yield _problem(
                RefusalCode.PLAN_INCOMPLETE,
                f"`{path}` is not an ordinary file ({what}).",
                "Commit an ordinary file in its place, or remove it.",
                path=path,
            )


def _parents(revision: Revision, by_id: Mapping[str, Revision]) -> tuple[str, ...]:
    """What must run before a revision; `depends_on` may name a label or the beginning of an identifier."""
    depends = (_resolved(name, by_id) for name in revision.depends)
    return tuple(dict.fromkeys((*revision.down, *depends)))


def _resolved(name: str, by_id: Mapping[str, Revision]) -> str:
    wanted = name.partition("@")[2] or name
    if wanted in by_id:
        return wanted
    labelled = [item.id for item in by_id.values() if wanted in item.labels]
    begun = [each for each in by_id if each.startswith(wanted)] if len(wanted) > 3 else []
    candidates = labelled or begun
    return candidates[0] if len(candidates) == 1 else name


def _ordered(
    by_id: Mapping[str, Revision], parents: Mapping[str, tuple[str, ...]], heads: tuple[str, ...]
) -> tuple[tuple[Revision, ...], tuple[str, ...]]:
    """Depth first from the heads, so that a branch stays together; and the revisions that wait for each other."""
    done: dict[str, None] = {}
    entered: set[str] = set()
    looping: tuple[str, ...] = ()
    for start in (*heads, *sorted(by_id)):
        stack = [(start, False)]
        while stack:
            name, leave = stack.pop()
            if leave:
                done[name] = None
            elif name in entered:
                looping = looping or (_loop(name, parents) if name not in done else ())
            elif name in by_id:
                entered.add(name)
                stack.append((name, True))
                stack += [(parent, False) for parent in reversed(parents[name]) if parent not in done]
    return tuple(by_id[name] for name in done), looping


def _loop(start: str, parents: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The revisions on a way from `start` back to it; nothing where there is no such way."""
    came: dict[str, str] = {}
    todo = [start]
    while todo:
        name = todo.pop()
        for parent in parents.get(name, ()):
            if parent == start:
                way = [name]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return tuple(reversed(way))
            if parent not in came:
                came[parent] = name
                todo.append(parent)
    return ()


def _labelled_apart(heads: tuple[str, ...], by_id: Mapping[str, Revision]) -> bool:
    """Whether every head lies on a branch with a label of its own: then several heads are meant."""
    labels = [_labels(head, by_id) for head in heads]
    return all(own.difference(*(other for other in labels if other is not own)) for own in labels)


def _labels(head: str, by_id: Mapping[str, Revision]) -> set[str]:
    seen: set[str] = set()
    todo = [head]
    while todo:
        name = todo.pop()
        if name in by_id and name not in seen:
            seen.add(name)
            todo += by_id[name].down
    return {label for name in seen for label in by_id[name].labels}


def _problem(code: RefusalCode, message: str, fix: str, *, path: str | None = None, line: int | None = None) -> Refusal:
    return Refusal(code=code, message=message, fix=fix, path=path, line=line)


def _several_databases(project: Project) -> Refusal:
    message = (
        f"`{project.config}` lists several databases ({', '.join(project.databases)[:200]}); one run migrates them all."
    )
    fix = "Give each database a section or a configuration file of its own, and a module for each."
    return _problem(RefusalCode.NOT_CONFIGURED, message, fix, path=project.config)


def _unreadable(item: Unreadable) -> Refusal:
    code = RefusalCode.TOO_LARGE if "larger" in item.why else RefusalCode.PLAN_INCOMPLETE
    message = f"`{item.path}` lies among the revisions, and {item.why}."
    return _problem(
        code, message, "Correct the file, or move it out of the folder of revisions.", path=item.path, line=item.line
    )


def _too_many(project: Project, count: int) -> Refusal:
    where = ", ".join(f"`{place}`" for place in project.version_locations)
    message = f"{where} holds {count} revision files; at most {REVISIONS} of together {TOTAL_BYTES // 1024 // 1024} MiB are read."
    return _problem(RefusalCode.TOO_LARGE, message, "Squash old revisions into one.")


def _duplicate(first: Revision, second: Revision) -> Refusal:
    message = f"Revision `{second.id}` is defined twice: in `{first.path}` and in `{second.path}`."
    return _problem(
        RefusalCode.PLAN_INCOMPLETE, message, "Give one of them another identifier.", path=second.path, line=second.line
    )


def _missing(revision: Revision, name: str) -> Refusal:
    message = f"Revision `{revision.id}` comes after `{name}`, which no file defines."
    return _problem(RefusalCode.UNKNOWN_REVISION, message, _MISSING_FIX, path=revision.path, line=revision.line)


def _cycle(names: tuple[str, ...]) -> Refusal:
    message = f"These revisions wait for each other: {', '.join(f'`{name}`' for name in names[:10])}."
    return _problem(RefusalCode.PLAN_INCOMPLETE, message, "Correct `down_revision` or `depends_on` of one of them.")


def _several_heads(heads: tuple[str, ...], by_id: Mapping[str, Revision]) -> Refusal:
    named = ", ".join(f"`{head}`" for head in heads)
    newest = by_id[heads[-1]]
    return _problem(
        RefusalCode.SEVERAL_HEADS,
        f"The history has {len(heads)} heads: {named}.",
        f'Run `alembic merge -m "merge heads" {" ".join(heads)}` and commit the new file, or set `down_revision` of the '
        "newer revision to the other head.",
        path=newest.path,
        line=newest.line,
    )
