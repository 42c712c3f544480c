"""The `schemagate` command: reads its words, calls the command, and turns trouble into one line on stderr."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from workers.console.output import Parser, Run, hidden, tell, url_around
from workers.core.errors import ExpectedError, InterruptedWorkError

_ABOUT = "A GitHub App that gates database schema changes, and the parts of its report on your machine."
_AFTER = "Where a command wants a URL and gets none, it takes DATABASE_URL, of the environment or of .env here."


@dataclass(frozen=True, slots=True)
class Command:
    """One command and its line in the list."""

    name: str
    about: str


COMMANDS = (
    Command("connect-check", "look at a database, read only, and say what is there and what is in the way"),
    Command("snapshot", "write a database's schema as JSON"),
    Command("diff", "compare two schemas, each a URL or a snapshot; exit 0 the same, 2 different"),
    Command("report", "what the bot would post for two commits; exit 0 ready or nothing to do, 3 blocked"),
    Command("init", "write a first .github/schemagate.yml for what is in a checkout"),
    Command("doctor", "check this machine and the service's settings; say what to do"),
    Command("up", "run everything on one machine: web, workers, embedded Redis, SQLite state"),
    Command("web", "run the webhook service"),
    Command("worker", "run workers and the schedule"),
    Command("reconcile", "heal lost events and unfinished rollouts"),
    Command("audit", "check the committed evidence of applied changes, offline"),
)
_QUIET = frozenset({"connect-check", "snapshot", "diff", "init", "audit"})


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code as INTERFACES lists it."""
    words = sys.argv[1:] if arguments is None else arguments
    found = parser_of(words[0] if words else "").parse_args(words)
    run: Run = found.run
    try:
        return run(found)
    except ExpectedError as error:
        return _fail(f"{error.message.rstrip('.')}: {error.advice.rstrip('.')} ({error.code.value})", words)
    except InterruptedWorkError as error:
        return _fail(f"{error}: try again in {error.after:.0f} s", words)
    except (KeyboardInterrupt, BrokenPipeError):
        return _fail("interrupted", words)
    except Exception as error:  # noqa: BLE001 -- its text could hold a secret
        return _fail(f"this should not have happened ({type(error).__name__}); SCHEMAGATE_DEBUG=1 shows where", words)


def parser_of(chosen: str) -> Parser:
    """The whole grammar; only the chosen command has its options."""
    parser = Parser(prog="schemagate", description=_ABOUT, epilog=_AFTER)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for command in COMMANDS:
        about = f"{command.about[0].upper()}{command.about[1:]}."
        made = commands.add_parser(command.name, help=command.about, description=about)
        if command.name == chosen:
            _options(chosen)(chosen, made)
    return parser


def _fail(text: str, words: list[str]) -> int:
    secret = (*words, url_around())
    if os.environ.get("SCHEMAGATE_DEBUG") == "1":
        import traceback

        tell(hidden(traceback.format_exc(), secret))
    tell(f"schemagate: {' '.join(hidden(text, secret).split())}")
    return 1


def _options(name: str) -> Callable[[str, Parser], None]:
    """What gives a command its options; only its own group is imported, because the service's is large."""
    if name not in _QUIET:
        from workers.logs import configure_logs

        configure_logs()
    match name:
        case "connect-check" | "snapshot" | "diff":
            from workers.console import databases

            gc.disable()  # a command that reads and ends leaves nothing to collect, and looking for it costs a third of its time
            return databases.options
        case "report":
            from workers.console import reports

            return reports.options
        case "init":
            from workers.console import starting

            return starting.options
        case "doctor":
            from workers.console import doctor

            return doctor.options
        case "audit":
            from workers.console import audit

            return audit.options
        case _:
            from workers.console import serve

            return serve.options


if __name__ == "__main__":
    raise SystemExit(main())
