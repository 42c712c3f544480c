"""How commands speak: results to stdout or a file, words and progress to stderr, and never a secret in either."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from workers.core.errors import ExpectedError
from workers.core.redact import MASK, redact
from workers.core.refusals import RefusalCode


class _Help(argparse.HelpFormatter):
    """One line a command, and no line for the word COMMAND."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=22)

    def _iter_indented_subactions(self, action: argparse.Action) -> Generator[argparse.Action, None, None]:
        yield from getattr(action, "_get_subactions", tuple)()

    def _format_action(self, action: argparse.Action) -> str:
        text = super()._format_action(action)
        return text.partition("\n")[2] if action.nargs == argparse.PARSER else text


class Parser(argparse.ArgumentParser):
    """Words that are wrong end with exit 1 and one line; 2 means something else to us, and what was typed may hold a password."""

    def __init__(self, *words: Any, **more: Any) -> None:  # noqa: ANN401 -- argparse's own
        super().__init__(*words, **{"formatter_class": _Help, **more})

    def error(self, message: str) -> NoReturn:
        tell(f"{self.prog}: {hidden(message, message.split())}; see `{self.prog} --help`")
        raise SystemExit(1)


Run = Callable[[argparse.Namespace], int]


def tell(text: str) -> None:
    """One line on stderr."""
    sys.stderr.write(f"{redact(text)}\n")
    sys.stderr.flush()


def hidden(text: str, words: Iterable[str]) -> str:
    """The text without anything secret of these words: URLs, also broken ones that no parser would find a password in."""
    urls = [
        url for word in words if (url := word.split("=", 1)[-1] if word.startswith("--") else word) and "://" in url
    ]
    for url in sorted(urls, key=len, reverse=True):
        scheme, _, rest = url.partition("://")
        login = rest.rpartition("@")[0]
        for secret in (url, rest, login, login.partition(":")[2]):
            if secret:
                text = text.replace(secret, f"{scheme}://{MASK}" if secret is url else MASK)
    return redact(text, urls)


def url_around() -> str:
    """DATABASE_URL of the environment, else of the `.env` of the current folder (that one name only), else nothing."""
    if url := os.environ.get("DATABASE_URL"):
        return url
    try:
        lines = Path(".env").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    pairs = (line.strip().removeprefix("export ").partition("=") for line in lines)
    values = [value.strip().strip("\"'") for name, _, value in pairs if name.strip() == "DATABASE_URL"]
    return values[-1] if values else ""


def write(text: str, path: Path | None) -> None:
    """Write a result to a file, or to standard output. Raises ExpectedError(not_configured) where the file cannot be written."""
    if path is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise ExpectedError(message, "give another --out", RefusalCode.NOT_CONFIGURED) from error


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show on stderr that work goes on, where it is a terminal."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    from rich.console import Console  # noqa: PLC0415 -- large, and for terminals only
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        bar.add_task(what)
        yield
