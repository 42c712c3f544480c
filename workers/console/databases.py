"""`schemagate connect-check`, `snapshot` and `diff`: one or two databases, read only."""

from __future__ import annotations

# ruff: noqa: PLC0415 -- a small schema is read in less time than the half of what these commands may need takes to import
import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workers.console.kept import Kept, kept, written
from workers.console.output import Parser, progress, tell, url_around, write
from workers.console.standalone import hash_key, open_target
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.core.schema import Snapshot, Unread
from workers.core.uncollected import uncollected

if TYPE_CHECKING:
    from workers.ports import Target

_FORMATS = ("text", "json", "markdown")


def options(name: str, parser: Parser) -> None:
    """What one of the three commands takes and does."""
    if name == "diff":
        parser.add_argument("old", metavar="FROM", help="a URL or a snapshot file")
        parser.add_argument("new", metavar="TO", help="the same")
        parser.add_argument("--format", choices=tuple(_FORMATS), default="text", help=" or ".join(_FORMATS))
        parser.set_defaults(run=_diff)
    else:
        parser.add_argument("--url", help="postgresql://… or sqlite:///…")
        parser.add_argument("--out", type=Path, metavar="FILE", help="instead of standard output")
        parser.set_defaults(run=_connect_check if name == "connect-check" else _snapshot)
    if name != "connect-check":
        parser.add_argument("--schema", action="append", metavar="S", help="only this schema; may be repeated")
        parser.add_argument("--exclude-extensions", action="store_true", help="leave out what extensions own")


def url_given(found: argparse.Namespace) -> str:
    """`--url`, else DATABASE_URL of the environment, else of the `.env` of the current folder. Raises ExpectedError(not_configured)."""
    url = found.url or url_around()
    if not url:
        advice = "give --url, or set DATABASE_URL in the environment or in .env here"
        raise ExpectedError("no database is named", advice, RefusalCode.NOT_CONFIGURED)
    return str(url)


def _connect_check(found: argparse.Namespace) -> int:
    from workers.local.clock import SystemClock
    from workers.rendering.connection import connection_check

    with progress("asking the database"):
        preflight = open_target(url_given(found)).preflight()
    write(connection_check(preflight, checked_at=SystemClock().iso()), found.out)
    return 1 if preflight.blockers else 0


def _snapshot(found: argparse.Namespace) -> int:
    with uncollected():
        with progress("reading the schema"), open_target(url_given(found)).reading() as reader:
            whole, seal = reader.sealed_snapshot()
        snapshot = _narrowed(whole, found)
        write(written(snapshot, seal if snapshot is whole else "", hash_key()), found.out)
    return 0


def _diff(found: argparse.Namespace) -> int:
    sides = [_Live(open_target(text)) if "://" in text else kept(text) for text in (found.old, found.new)]
    with uncollected():
        with progress("reading both schemas"):
            read = _unchanged(sides, found) or _both(sides)
        return _tell_same(read, found.format) if isinstance(read, Kept) else _tell(read, found)


@dataclass(frozen=True, slots=True)
class _Live:
    """A database as a side of a comparison."""

    target: Target

    def snapshot(self) -> Snapshot:
        with self.target.reading() as reader:
            return reader.snapshot()


_Side = _Live | Kept
_Read = tuple[Snapshot, Snapshot]


def _unchanged(sides: list[_Side], found: argparse.Namespace) -> Kept | _Read | None:
    """The file alone where its seal says that the database is as it was then, else both; None where there is no such pair."""
    file = next((side for side in sides if isinstance(side, Kept) and side.seal), None)
    live = next((side for side in sides if isinstance(side, _Live)), None)
    if file is None or live is None or found.schema or found.exclude_extensions:
        return None
    with live.target.reading() as reader:
        if file.is_of(reader.seal(), hash_key()):
            return file
        now = reader.snapshot()
    then = file.snapshot()
    return (then, now) if sides[0] is file else (now, then)


def _both(sides: list[_Side]) -> _Read:
    """Both sides at the same time: two servers work side by side."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(sides[1].snapshot)
        import workers.rendering.differences  # noqa: F401 -- needed at the end; the other side has begun

        old = sides[0].snapshot()
        return old, reading.result()


def _tell(read: _Read, found: argparse.Namespace) -> int:
    from workers.core.diff import diff, diff_to_json
    from workers.rendering.differences import DiffFormat, diff_text

    old, new = (_narrowed(side, found) for side in read)
    changes = diff(old, new)
    if found.format == "json":
        write(json.dumps(diff_to_json(old, new, changes), indent=1) + "\n", None)
    else:
        write(diff_text(changes, DiffFormat(found.format)), None)
    _tell_unread((*old.unread, *new.unread))
    return 2 if changes else 0


def _tell_same(file: Kept, form: str) -> int:
    """What `_tell` says of two schemas without a difference."""
    if form == "json":
        same = {"format": "schemagate-diff/1", "from": file.fingerprint, "to": file.fingerprint, "changes": []}
        write(json.dumps(same, indent=1) + "\n", None)
    elif form == "text":
        write("0 differences\n", None)
    _tell_unread(file.unread)
    return 0


def _tell_unread(unread: tuple[Unread, ...]) -> None:
    for item in dict.fromkeys(unread):
        tell(f"not compared: {item.kind} {'.'.join(item.name)} ({item.why})")


def _narrowed(snapshot: Snapshot, found: argparse.Namespace) -> Snapshot:
    """What the options leave of a schema."""
    if not (found.schema or found.exclude_extensions):
        return snapshot
    from workers.core.config import Filter, FilterMode
    from workers.core.narrow import narrowed

    if found.schema:
        snapshot = narrowed(snapshot, Filter(FilterMode.EXPLICIT, tuple(found.schema)))
    return narrowed(snapshot, Filter(FilterMode.EXCLUDE_EXTENSIONS)) if found.exclude_extensions else snapshot
