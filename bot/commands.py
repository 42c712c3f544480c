"""The grammar of commands: one form a command, and how a comment becomes commands or the reason why it does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum

from bot.lines import Line, plain_lines
from bot.words import Word, WordError, split_words, strange_characters, visible
from workers.core.names import ENVIRONMENT, IDENTIFIER, PLAN_CODE, CommandName
from workers.messages import ApprovalWords, Command, Fault

MOST_COMMANDS = 5
LONGEST_LINE = 2_000
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_ITEMS = re.compile(r"[a-z]+-[0-9]{1,4}(?:,[a-z]+-[0-9]{1,4})*")
_LEFT_IN = re.compile(
    r"<.*>?|\[.*|.*\]|…|\.{2,}|CODE|REF|ID|ENV|REVISION|why|which one|drift-1,…|drift-1,\.{2,}|plan code"
)
_SAYABLE = re.compile(r"[\w./,=-]{1,60}", re.ASCII)


class Place(StrEnum):
    """What stands at a position after the command, as the usage line names it."""

    ENVIRONMENT = "env"
    CODE = "plan code"
    REVISION = "revision"
    REASON = "why"


class Option(StrEnum):
    """Every option of every command."""

    MODULE = "--module"
    ALLOW_DESTRUCTIVE = "--allow-destructive"
    BACKUP = "--backup"
    ACCEPT_RISK = "--accept-risk"
    ACCEPT = "--accept"
    ALLOW_PUSH = "--allow-push"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one command is written: its usage line, what it does, its positions (the first `needed` must be there), its options."""

    name: CommandName
    usage: str
    does: str
    places: tuple[Place, ...] = ()
    needed: int = 0
    options: tuple[Option, ...] = ()


COMMANDS = (
    Form(
        name=CommandName.APPROVE,
        usage="/approve <env> [plan code] [--module ID] [--allow-destructive] "
        '[--backup REF | --accept-risk "why"] [--accept drift-1,…] [--allow-push "why"]',
        does="apply exactly that plan",
        places=(Place.ENVIRONMENT, Place.CODE),
        needed=1,
        options=tuple(Option),
    ),
    Form(
        name=CommandName.PLAN,
        usage="/plan [env] [--module ID]",
        does="look again and plan again",
        places=(Place.ENVIRONMENT,),
        options=(Option.MODULE,),
    ),
    Form(
        name=CommandName.STATUS,
        usage="/status [env] [--module ID]",
        does="say where everything stands, with each reason",
        places=(Place.ENVIRONMENT,),
        options=(Option.MODULE,),
    ),
    Form(
        name=CommandName.REJECT,
        usage='/reject <env> ["why"] [--module ID]',
        does="stop this pull from being applied there",
        places=(Place.ENVIRONMENT, Place.REASON),
        needed=1,
        options=(Option.MODULE,),
    ),
    Form(
        name=CommandName.ROLLBACK,
        usage="/rollback <env> [plan code] [--module ID]",
        does="plan the way back from what was applied",
        places=(Place.ENVIRONMENT, Place.CODE),
        needed=1,
        options=(Option.MODULE,),
    ),
    Form(
        name=CommandName.MARK_APPLIED,
        usage="/mark-applied <env> <revision> [--module ID]",
        does="plan to record a migration whose effect is already there",
        places=(Place.ENVIRONMENT, Place.REVISION),
        needed=2,
        options=(Option.MODULE,),
    ),
    Form(
        name=CommandName.BASELINE,
        usage="/baseline <env> <revision> [--module ID]",
        does="plan to record where a database without history stands",
        places=(Place.ENVIRONMENT, Place.REVISION),
        needed=2,
        options=(Option.MODULE,),
    ),
    Form(
        name=CommandName.UNLOCK,
        usage='/unlock <env> "why" [--module ID]',
        does="release an environment that was repaired by hand",
        places=(Place.ENVIRONMENT, Place.REASON),
        needed=2,
        options=(Option.MODULE,),
    ),
    Form(name=CommandName.HELP, usage="/help", does="this list"),
)
_NAMES = tuple(f"/{form.name}" for form in COMMANDS)


def read_commands(body: str) -> tuple[Command, ...]:
    """Return the commands of a comment: all of them good, or only such as carry a fault; none where nobody meant one."""
    lines = plain_lines(body)
    read = [(line, _read_line(line)) for line in lines]
    good = [command for line, command in read if command and not command.fault and not line.in_quote]
    if good and len(good) < len(lines):
        return (_not_alone(good[0], read),)
    if len(good) > MOST_COMMANDS:
        return (_faulty(good[0], f"write at most {MOST_COMMANDS} commands in one comment"),)
    if good:
        return tuple(good)
    bad = [command for _, command in read if command and command.fault]
    return tuple(bad[:MOST_COMMANDS]) if len(bad) == len(lines) else ()


def usage() -> str:
    """The usage lines of every command with what each does, one a line, for `/help`."""
    return "\n".join(f"{form.usage}\n    {form.does}" for form in COMMANDS)


def _not_alone(command: Command, read: list[tuple[Line, Command | None]]) -> Command:
    advice = "write commands in a comment of their own, one a line"
    for line, other in read:
        if line.in_quote and other:
            advice = "leave an empty line between a quote and the command"
        elif other and other.fault:
            advice += f"; line {line.number}: {other.advice}"
    return replace(_faulty(command, advice), fault=Fault.NOT_ALONE)


def _faulty(command: Command, advice: str) -> Command:
    return Command(name=command.name, line=command.line, fault=Fault.MALFORMED, advice=advice)


def _read_line(line: Line) -> Command | None:
    """A good command, one with a fault, or None for what nobody meant as one."""
    text = visible(line.text)
    first = text.split(maxsplit=1)[0] if text else ""
    form = next((form for form in COMMANDS if first == f"/{form.name}"), None)
    if form is None:
        return _misspelt(line, first, text)
    if len(text) > LONGEST_LINE:
        return _fault(form, line, "this line is too long for a command")
    if strange := strange_characters(line.text):
        return _fault(
            form, line, f"the line holds characters that cannot be seen ({', '.join(strange[:3])}); type it anew"
        )
    try:
        words = split_words(text[len(first) :])
        return None if _is_prose(form, words) else _Reader(form, line.number).read(words)
    except WordError as error:
        return _fault(form, line, f"{error}; usage: `{form.usage}`")


def _misspelt(line: Line, first: str, text: str) -> Command | None:
    """A near miss of a command's name, in a line short enough to be meant as one."""
    is_word = first.startswith("/") and first.count("/") == 1
    near = get_close_matches(first.lower(), _NAMES, n=1, cutoff=0.75) if is_word else []
    if not near or (len(text.split()) > 4 and "--" not in text):
        return None
    form = next(form for form in COMMANDS if near[0] == f"/{form.name}")
    return _fault(form, line, f"did you mean `{near[0]}`? usage: `{form.usage}`")


def _fault(form: Form, line: Line, advice: str) -> Command:
    return Command(name=form.name, line=line.number, fault=Fault.MALFORMED, advice=advice)


def _is_prose(form: Form, words: tuple[Word, ...]) -> bool:
    """A sentence that begins with a slash word: plain words in a row, more than any typing error explains.

    A reason without quotation marks looks the same; for those commands an answer is better than silence.
    """
    if Place.REASON in form.places or any(word.is_option or word.quoted for word in words):
        return False
    return len(words) > len(form.places) + 1


class _Reader:
    """Reads the words of one command line into a Command; every trouble is a WordError."""

    def __init__(self, form: Form, line: int) -> None:
        self._form = form
        self._line = line
        self._places: dict[Place, str] = {}
        self._options: dict[Option, str] = {}

    def read(self, words: tuple[Word, ...]) -> Command:
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if word.is_option:
                self._option(word, rest)
            else:
                self._place(word)
        missing = self._form.places[len(self._places) : self._form.needed]
        if missing:
            raise WordError(f"the {_spoken(missing[0])} is missing")
        if Option.BACKUP in self._options and Option.ACCEPT_RISK in self._options:
            raise WordError("give either `--backup` or `--accept-risk`")
        return self._command()

    def _place(self, word: Word) -> None:
        if len(self._places) == len(self._form.places):
            raise WordError(f"{_named(word)} is one word too many")
        place = self._form.places[len(self._places)]
        _refuse_left_in(word)
        if place is Place.REASON and not word.quoted:
            raise WordError('put the reason into quotation marks: "…"')
        if not _FITS[place](word.text):
            raise WordError(f"{_named(word)} is no {_spoken(place)}")
        self._places[place] = word.text

    def _option(self, word: Word, rest: list[Word]) -> None:
        option = next((item for item in self._form.options if item == word.text), None)
        if option is None:
            near = get_close_matches(word.text.partition("=")[0], self._form.options, n=1)
            raise WordError(f"{_named(word)} is no option here" + (f"; did you mean `{near[0]}`?" if near else ""))
        if option in self._options:
            raise WordError(f"`{option}` is given twice")
        self._options[option] = "yes" if option is Option.ALLOW_DESTRUCTIVE else _value(option, rest)

    def _command(self) -> Command:
        name, environment = self._form.name, self._places.get(Place.ENVIRONMENT, "")
        code, module = self._places.get(Place.CODE, ""), self._options.get(Option.MODULE, "")
        return Command(
            name=name,
            line=self._line,
            environment=environment,
            module=module,
            code=code,
            revision=self._places.get(Place.REVISION, ""),
            text=self._places.get(Place.REASON, ""),
            words=self._approval(environment, code, module) if name is CommandName.APPROVE else None,
            advice=usage() if name is CommandName.HELP else "",
        )

    def _approval(self, environment: str, code: str, module: str) -> ApprovalWords:
        accept = self._options.get(Option.ACCEPT, "")
        return ApprovalWords(
            environment=environment,
            code=code,
            module=module,
            allow_destructive=Option.ALLOW_DESTRUCTIVE in self._options,
            backup=self._options.get(Option.BACKUP, ""),
            accept_risk=self._options.get(Option.ACCEPT_RISK, ""),
            accept=tuple(dict.fromkeys(accept.split(","))) if accept else (),
            allow_push=self._options.get(Option.ALLOW_PUSH, ""),
        )


def _value(option: Option, rest: list[Word]) -> str:
    if not rest or rest[0].is_option or not rest[0].text:
        raise WordError(f"`{option}` wants a word after it, in quotation marks if it holds blanks")
    word = rest.pop(0)
    _refuse_left_in(word)
    if option is Option.MODULE and not IDENTIFIER.fullmatch(word.text):
        raise WordError(f"{_named(word)} is no module id")
    if option is Option.ACCEPT and not _ITEMS.fullmatch(word.text):
        raise WordError("`--accept` wants the numbers of items, with commas and no blanks: `--accept drift-1,drift-2`")
    return word.text


def _refuse_left_in(word: Word) -> None:
    if _LEFT_IN.fullmatch(word.text):
        raise WordError("a word of the pattern was left in; put the real one in its place")


def _named(word: Word) -> str:
    """The word as an answer may repeat it: never mark-up, never long."""
    return f"`{word.text}`" if _SAYABLE.fullmatch(word.text) else "one word"


def _spoken(place: Place) -> str:
    return {Place.ENVIRONMENT: "environment", Place.REASON: "reason in quotation marks"}.get(place, place.value)


_FITS: dict[Place, Callable[[str], object]] = {
    Place.ENVIRONMENT: ENVIRONMENT.fullmatch,
    Place.CODE: PLAN_CODE.fullmatch,
    Place.REVISION: _REVISION.fullmatch,
    Place.REASON: str.strip,
}
