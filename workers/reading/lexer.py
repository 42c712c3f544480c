"""Where one SQL command ends and the next begins, for each engine's own quoting, comments and routine bodies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from workers.core.names import Engine


class TokenKind(Enum):
    """As little as splitting needs: what must not be looked into, words, and the marks that steer."""

    SPACE = auto()
    COMMENT = auto()
    QUOTED = auto()
    WORD = auto()
    SEMICOLON = auto()
    OPEN = auto()
    CLOSE = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text from `start` up to `end`."""

    kind: TokenKind
    start: int
    end: int


def split(sql: str, engine: Engine) -> tuple[str, ...]:
    """Split a text into its commands, each as it was written without surrounding white space and the semicolon.

    A piece that holds nothing but comments is no command and left out. What is not closed goes on to the end of the text: the server will
    refuse it. MySQL's DELIMITER is a word of its client, not of the language, and is not known here.
    """
    commands = []
    body, start, empty = _Body(engine), 0, True
    for token in tokens(sql, engine):
        if token.kind is TokenKind.SEMICOLON and body.closed:
            if not empty:
                commands.append(sql[start : token.start].strip(_BLANK))
            body, start, empty = _Body(engine), token.end, True
            continue
        empty = empty and token.kind in {TokenKind.SPACE, TokenKind.COMMENT}
        body.see(token.kind, sql[token.start : token.end])
    if not empty:
        commands.append(sql[start:].strip(_BLANK))
    return tuple(commands)


def tokens(sql: str, engine: Engine) -> Iterator[Token]:
    """Cut a text into tokens; together they are the whole text."""
    pattern = _PATTERNS[engine]
    position = 0
    while position < len(sql):
        found = pattern.match(sql, position)
        kind = TokenKind[found.lastgroup.upper()] if found and found.lastgroup else TokenKind.OTHER
        end = found.end() if found else position + 1
        if engine is Engine.POSTGRESQL and found is not None:
            end = _postgresql_end(sql, kind, position, end)
        yield Token(kind, position, end)
        position = end


@dataclass(slots=True)
class _Body:
    """How deep inside parentheses or a routine's body we are; a semicolon ends the command only when `closed`."""

    engine: Engine
    words: list[str] = field(default_factory=list)
    parentheses: int = 0
    blocks: int = 0
    starts: bool = False
    after_end: bool = False
    routine: bool = False

    @property
    def closed(self) -> bool:
        return not self.blocks and (self.engine is not Engine.POSTGRESQL or self.parentheses <= 0)

    def see(self, kind: TokenKind, text: str) -> None:
        if kind in {TokenKind.SPACE, TokenKind.COMMENT}:
            return
        if kind is TokenKind.WORD:
            self._word(text.lower())
            return
        self.parentheses += (kind is TokenKind.OPEN) - (kind is TokenKind.CLOSE)
        self.starts = kind is TokenKind.SEMICOLON or (text == ":" and self.blocks > 0)
        self.after_end = False

    def _word(self, word: str) -> None:
        if len(self.words) < _HEADER:
            self.words.append(word)
            self.routine = self.routine or _opens_routine(self.engine, self.words)
        if self.routine and not (self.engine is Engine.POSTGRESQL and self.parentheses > 0):
            _STEPS[self.engine](self, word)
        self.starts = word in _STARTERS


_HEADER = 10
_STARTERS = frozenset({"begin", "then", "else", "do", "loop", "repeat"})
_MYSQL_BLOCKS = frozenset({"if", "loop", "while", "repeat", "case"})
_POSTGRESQL_ROUTINES = frozenset({"function", "procedure"})
_MYSQL_ROUTINES = frozenset({"function", "procedure", "trigger", "event"})
_MYSQL_HEADERS = frozenset({"create", "or", "replace", "definer", "aggregate", "current_user"})


def _opens_routine(engine: Engine, words: list[str]) -> bool:
    if words[0] != "create":
        return False
    if engine is Engine.POSTGRESQL:
        return words[-1] in _POSTGRESQL_ROUTINES and words[1:-1] in ([], ["or", "replace"])
    if engine is Engine.SQLITE:
        return words[-1] == "trigger" and words[1:-1] in ([], ["temp"], ["temporary"])
    # A definer may be written as words (root@localhost), so anything but another kind of object may come between.
    return words[-1] in _MYSQL_ROUTINES and (len(words) == 2 or words[1] in _MYSQL_HEADERS)


def _step_postgresql(body: _Body, word: str) -> None:
    """As psql does: BEGIN ATOMIC opens, CASE nests, END closes."""
    if word == "begin" or (word == "case" and body.blocks):
        body.blocks += 1
    elif word == "end" and body.blocks:
        body.blocks -= 1


def _step_sqlite(body: _Body, word: str) -> None:
    """As sqlite3_complete does: a trigger's END stands after a semicolon, CASE ... END does not."""
    if word == "begin":
        body.blocks = 1
    elif word == "end" and body.starts:
        body.blocks = 0


def _step_mysql(body: _Body, word: str) -> None:
    """CASE nests wherever it stands; the other blocks only where a statement may start, so that IF(a, b, c) is no block."""
    if body.after_end and word in _MYSQL_BLOCKS:
        body.after_end = False
        return
    body.after_end = word == "end"
    if word == "end":
        body.blocks -= body.blocks > 0
    elif word in {"begin", "case"} or (body.starts and body.blocks and word in _MYSQL_BLOCKS):
        body.blocks += 1


_STEPS = {
    Engine.POSTGRESQL: _step_postgresql,
    Engine.MYSQL: _step_mysql,
    Engine.MARIADB: _step_mysql,
    Engine.SQLITE: _step_sqlite,
}

_BLANK = " \t\n\r\f\v"  # not Python's idea of white space: a no-break space is a letter to these servers
_SPACE = rf"(?P<space>[{_BLANK}]+)"
_MARKS = r"(?P<semicolon>;)|(?P<open>\()|(?P<close>\))|(?P<other>[0-9][0-9A-Za-z_.]*|.)"
# Letters are A to Z, _ and everything beyond ASCII; to name what is no letter compiles in a fraction of the time.
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_WORD = rf"(?P<word>{_LETTER}[^\x00-#%-/:-@\[-^`{{-\x7f]*)"
# A word comes after the quotes that begin with a letter (E'...'), and swallows a dollar sign that would else open a quote.
_POSTGRESQL = (
    rf"{_SPACE}|(?P<comment>--[^\r\n]*|/\*)"
    r"""|(?P<quoted>[eE]'|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|\Z)|(?:[uU]&)?"(?:[^"]|"")*(?:"|\Z)"""
    rf"|\$(?:{_LETTER}[^\x00-/:-@\[-^`{{-\x7f]*)?\$)"
    rf"|{_WORD}|{_MARKS}"
)
_MYSQL = (
    rf"{_SPACE}|(?P<comment>--(?=\s|\Z)[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z))"
    r"""|(?P<quoted>'(?:[^'\\]|\\.|'')*(?:'|\Z)|"(?:[^"\\]|\\.|"")*(?:"|\Z)|`(?:[^`]|``)*(?:`|\Z))"""
    rf"|{_WORD}|{_MARKS}"
)
_SQLITE = (
    rf"{_SPACE}|(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))"
    r"""|(?P<quoted>'(?:[^']|'')*(?:'|\Z)|"(?:[^"]|"")*(?:"|\Z)|`(?:[^`]|``)*(?:`|\Z)|\[[^\]]*(?:\]|\Z))"""
    rf"|{_WORD}|{_MARKS}"
)
_PATTERNS = {
    Engine.POSTGRESQL: re.compile(_POSTGRESQL, re.DOTALL),
    Engine.MYSQL: re.compile(_MYSQL, re.DOTALL),
    Engine.MARIADB: re.compile(_MYSQL, re.DOTALL),
    Engine.SQLITE: re.compile(_SQLITE, re.DOTALL),
}
_ESCAPED = re.compile(r"(?:[^'\\]|\\.|'')*(?:'|\Z)", re.DOTALL)
# Two strings with a line break between them are one, and the second keeps the first one's rules.
_CONTINUED = re.compile(r"[ \t\f\v]*[\r\n](?:[ \t\n\r\f\v]|--[^\r\n]*[\r\n])*'")
_COMMENT_MARK = re.compile(r"/\*|\*/")


def _postgresql_end(sql: str, kind: TokenKind, start: int, end: int) -> int:
    """Find the end of what a regular expression cannot: nested comments, dollar quotes, escape strings that go on."""
    if kind is TokenKind.COMMENT and sql.startswith("/*", start):
        return _nested_comment_end(sql, end)
    if kind is not TokenKind.QUOTED:
        return end
    if sql[start] == "$":
        closing = sql.find(sql[start:end], end)
        return len(sql) if closing < 0 else closing + end - start
    if sql[start] in "eE":
        return _escape_string_end(sql, end)
    return end


def _nested_comment_end(sql: str, position: int) -> int:
    depth = 1
    while depth:
        found = _COMMENT_MARK.search(sql, position)
        if found is None:
            return len(sql)
        depth += 1 if found[0] == "/*" else -1
        position = found.end()
    return position


def _escape_string_end(sql: str, position: int) -> int:
    while True:
        ended = _ESCAPED.match(sql, position)
        position = ended.end() if ended else len(sql)
        more = _CONTINUED.match(sql, position)
        if more is None:
            return position
        position = more.end()
