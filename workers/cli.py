"""The `schemagate` command: reads its words, calls the command, and turns expected trouble into one line on stderr."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable

from workers.console import audit, databases, doctor, reports, serve, starting
from workers.core.errors import ExpectedError
from workers.core.redact import redact
from workers.queue import QUEUES

Run = Callable[[argparse.Namespace], int]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code as INTERFACES lists it."""
    found = _parser().parse_args(arguments)
    run: Run = found.run
    try:
        return run(found)
    except ExpectedError as error:
        return _fail(f"{error.message}: {error.advice} ({error.code.value})")
    except KeyboardInterrupt:
        return _fail("interrupted")
    except Exception as error:  # noqa: BLE001 -- no traceback unless asked: it could hold a secret
        if os.environ.get("SCHEMAGATE_DEBUG") == "1":
            traceback.print_exc()
        return _fail(f"{type(error).__name__}: {error} (set SCHEMAGATE_DEBUG=1 for more)")


def _fail(text: str) -> int:
    sys.stderr.write(f"schemagate: {redact(text)}\n")
    return 1


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="schemagate", description="A GitHub App that gates database schema changes.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in (databases, reports, starting, doctor, audit):
        part.add(commands)
    _add_service(commands)
    return parser


def _add_service(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    web = commands.add_parser("web", help="the webhook service")
    web.set_defaults(run=lambda _: serve.web(os.environ, _say))
    worker = commands.add_parser("worker", help="a worker for each queue, and the schedule")
    worker.add_argument("--queues", nargs="+", choices=QUEUES, default=QUEUES, metavar="QUEUE", help=", ".join(QUEUES))
    worker.set_defaults(run=lambda found: serve.worker(os.environ, tuple(found.queues), _say))
    up = commands.add_parser("up", help="everything on one machine: embedded Redis, SQLite state, web and workers")
    up.set_defaults(run=lambda _: serve.up(os.environ, _say))
    reconcile = commands.add_parser("reconcile", help="heal lost events and unfinished rollouts")
    reconcile.add_argument("--once", action="store_true", help="once, instead of every half minute")
    reconcile.set_defaults(run=lambda found: serve.reconcile_once(os.environ, once=found.once))


if __name__ == "__main__":
    raise SystemExit(main())
