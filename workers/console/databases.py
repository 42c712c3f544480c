"""`schemagate connect-check`, `snapshot` and `diff`: one or two databases, read only."""

from __future__ import annotations

# ruff: noqa: PLC0415 -- a small schema is read in less time than the half of what these commands may need takes to import
import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from workers.console.output import Parser, progress, tell, url_around, write
from workers.console.standalone import open_target
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.core.schema import Snapshot, snapshot_from_json, snapshot_to_json
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
            snapshot = _narrowed(reader.snapshot(), found)
        write(json.dumps(snapshot_to_json(snapshot), indent=1) + "\n", found.out)
    return 0


def _diff(found: argparse.Namespace) -> int:
    with uncollected():
        return _compare(found)


def _compare(found: argparse.Namespace) -> int:
    from concurrent.futures import ThreadPoolExecutor

    readers = [_side(side) for side in (found.old, found.new)]
    with progress("reading both schemas"), ThreadPoolExecutor(len(readers)) as pool:
        read = pool.map(_read, readers)
        from workers.core.diff import diff, diff_to_json
        from workers.rendering.differences import DiffFormat, diff_text

        old, new = (_narrowed(side, found) for side in read)
    changes = diff(old, new)
    if found.format == "json":
        write(json.dumps(diff_to_json(old, new, changes), indent=1) + "\n", None)
    else:
        write(diff_text(changes, DiffFormat(found.format)), None)
    for item in dict.fromkeys((*old.unread, *new.unread)):
        tell(f"not compared: {item.kind} {'.'.join(item.name)} ({item.why})")
    return 2 if changes else 0


def _narrowed(snapshot: Snapshot, found: argparse.Namespace) -> Snapshot:
    """What the options leave of a schema."""
    if not (found.schema or found.exclude_extensions):
        return snapshot
    from workers.core.config import Filter, FilterMode
    from workers.core.narrow import narrowed

    if found.schema:
        snapshot = narrowed(snapshot, Filter(FilterMode.EXPLICIT, tuple(found.schema)))
    return narrowed(snapshot, Filter(FilterMode.EXCLUDE_EXTENSIONS)) if found.exclude_extensions else snapshot


def _side(text: str) -> Callable[[], Snapshot]:
    """What reads one side: a database, so that both servers work at the same time, or a snapshot file."""
    if "://" in text:
        target = open_target(text)
        return lambda: _live(target)
    snapshot = _kept(text)
    return lambda: snapshot


def _read(side: Callable[[], Snapshot]) -> Snapshot:
    return side()


def _live(target: Target) -> Snapshot:
    with target.reading() as reader:
        return reader.snapshot()


def _kept(text: str) -> Snapshot:
    try:
        return snapshot_from_json(json.loads(Path(text).read_text(encoding="utf-8")))
    except OSError as error:
        raise ExpectedError(
            f"{text} cannot be read", "give a URL or a snapshot file", RefusalCode.NOT_CONFIGURED
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"{text} is not a schemagate-snapshot/1 file"
        raise ExpectedError(message, "make one with `schemagate snapshot`", RefusalCode.CONFIG_INVALID) from error
