"""The migrations of a Prisma project: folders with a `migration.sql`, in the order in which Prisma runs them, and what is wrong with them."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workers.core.refusals import Refusal, RefusalCode
from workers.ports import History, Revision, Tree
from workers.sources.prisma.detect import LOCK, Project
from workers.sources.prisma.order import in_order, is_plain

SCRIPT = "migration.sql"
MIGRATIONS = 5_000
_TIMED = re.compile(r"^\d{8,17}_?")
_NAME_LONGEST = 255  # the column that Prisma keeps it in
_ALIKE = ({"postgresql", "postgres"}, {"sqlite"}, {"mysql"})

PutInOrder = Callable[[tuple[str, ...]], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One migration as its folder holds it; `sql` is None where the file is missing, or is no text."""

    name: str
    path: str
    sql: str | None

    @property
    def checksum(self) -> str:
        """What Prisma writes down of it: the SHA-256 of the text as it is."""
        return _hash(self.sql or "")


def read_scripts(tree: Tree, project: Project, put_in_order: PutInOrder) -> tuple[Script, ...]:
    """Every migration in the order in which Prisma runs them. `put_in_order` is asked for names that are not plain ASCII."""
    folder = project.migrations
    found: dict[str, Script] = {}
    for path, content in tree.contents(folder):
        name, _, rest = path.removeprefix(f"{folder}/").partition("/")
        if rest and (rest == SCRIPT or name not in found):
            place = posixpath.join(folder, name, SCRIPT)
            found[name] = Script(name=name, path=place, sql=_text(content) if rest == SCRIPT else None)
    names = in_order(found) if all(map(is_plain, found)) else put_in_order(tuple(found))
    return tuple(found[name] for name in names)


def read_history(tree: Tree, project: Project, scripts: tuple[Script, ...]) -> History:
    """The history as our ports know it. Each migration is recorded by itself, so each is a head."""
    revisions = tuple(_revision(script) for script in scripts if script.sql is not None)
    problems = (*project.problems, *_faults(tree, project, scripts))
    return History(revisions=revisions, heads=tuple(item.id for item in revisions), problems=problems, separate=True)


def pushed_history(project: Project) -> History:
    """What stands for a history where the schema is pushed: one migration, the schema as it is, which nothing records."""
    path, content = project.files[0][0], _hash(repr(project.files))
    only = Revision(
        id=push_name(project),
        down=(),
        depends=(),
        labels=(),
        path=path,
        line=1,
        title="the schema as it is pushed",
        content=content,
    )
    return History(revisions=(only,), heads=(only.id,), problems=project.problems, separate=True)


def push_name(project: Project) -> str:
    """The name of the one migration that stands for a push of this schema."""
    return f"push:{_hash(repr(project.files))[:12]}"


def lock_text(tree: Tree, project: Project) -> str | None:
    """The text of migration_lock.toml, None where there is none."""
    content = tree.read(posixpath.join(project.migrations, LOCK))
    return None if content is None else content.decode("utf-8", "replace")


def spellings(sql: str) -> tuple[str, ...]:
    """The checksums under which Prisma knows a text again: as it is, and with either kind of line ending."""
    unix = sql.replace("\r\n", "\n")
    return tuple(dict.fromkeys((_hash(sql), _hash(unix), _hash(unix.replace("\n", "\r\n")))))


def _revision(script: Script) -> Revision:
    sql = script.sql or ""
    return Revision(
        id=script.name,
        down=(),
        depends=(),
        labels=(),
        path=script.path,
        line=1,
        title=_TIMED.sub("", script.name).replace("_", " "),
        content=_hash(sql.replace("\r\n", "\n")),
        spellings=spellings(sql),
    )


def _faults(tree: Tree, project: Project, scripts: tuple[Script, ...]) -> Iterator[Refusal]:
    yield from _wrong_provider(tree, project)
    odd = dict(tree.oddities(project.migrations))
    for script in scripts:
        if script.sql is None:
            yield _problem(
                script.path,
                f"migration {script.name} has no readable {SCRIPT} ({odd.get(script.path, 'there is none')})",
                f"restore {script.path}, or remove the folder {posixpath.dirname(script.path)}",
            )
        elif "\0" in script.sql:
            yield _problem(script.path, f"{script.path} holds a zero byte", "write it as plain text")
        if len(script.name) > _NAME_LONGEST:
            yield _problem(
                script.path,
                f"the name of {script.path} is longer than Prisma can record",
                "give the folder a shorter name",
            )
    yield from _unread(odd, scripts)
    if len(scripts) > MIGRATIONS:
        message = f"{project.migrations} holds {len(scripts)} migrations; at most {MIGRATIONS} are read"
        yield Refusal(code=RefusalCode.TOO_LARGE, message=message, fix="squash old migrations into one")


def _unread(odd: dict[str, str], scripts: tuple[Script, ...]) -> Iterator[Refusal]:
    """Links and oversize files in place of a script: Prisma would follow them, we never do."""
    told = {script.path for script in scripts if script.sql is None}
    for path, what in sorted(odd.items()):
        if path.endswith((f"/{SCRIPT}", f"/{LOCK}")) and path not in told:
            yield _problem(path, f"{path} is {what}; only regular files are read", "commit a regular file instead")


def _wrong_provider(tree: Tree, project: Project) -> Iterator[Refusal]:
    """What Prisma calls P3019: the migrations were written for another engine than the schema names."""
    text, source = lock_text(tree, project), project.outline.datasource
    if text is None or source is None:
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("provider"):
            locked = line.partition("=")[2].strip().strip("\"'")
            same = locked == source.provider or any({locked, source.provider} <= alike for alike in _ALIKE)
            if not same:
                path = posixpath.join(project.migrations, LOCK)
                yield Refusal(
                    code=RefusalCode.ENGINE_MISMATCH,
                    message=f"{path} says that the migrations are for {locked}, and the schema says {source.provider} (Prisma's P3019)",
                    fix="keep the provider, or start a new history for the new one: move the old migrations away and make a first one",
                    path=path,
                    line=number,
                )
            return


def _problem(path: str, message: str, fix: str) -> Refusal:
    return Refusal(code=RefusalCode.PLAN_INCOMPLETE, message=message, fix=fix, path=path, line=1)


def _text(content: bytes) -> str | None:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
