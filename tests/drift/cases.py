"""A drift case: a schema as the code makes it, the same after somebody's hand, and what must be said of it.

Cases stand in `tests/cases/drift/<engine>/*.sql`, many in a file. `-- case:` gives a name, `-- since` the first version that knows the
syntax, `-- both`, `-- before` and `-- after` begin the statements of both sides and of each, and below `-- expect` each line is a
difference from before to after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workers.core.diff import Change, Difference
from workers.core.folding import fold

FOLDER = Path(__file__).parents[1] / "cases" / "drift"
_MARK = re.compile(r"^-- (case|since|both|before|after|expect)\b:? ?(.*)\n", re.MULTILINE)
_WORDS = {Difference.ADDED: "added", Difference.REMOVED: "removed", Difference.CHANGED: "changed"}
_OTHER_WAY = {"added": "removed", "removed": "added", "changed": "changed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case; `expected` are the lines from before to after."""

    file: str
    name: str
    since: int
    both: str
    before: str
    after: str
    expected: tuple[str, ...]

    @property
    def id(self) -> str:
        """How a test of it is called."""
        return f"{self.file}: {self.name}"

    def sides(self) -> tuple[str, str]:
        """The statements of both sides."""
        return self.both + self.before, self.both + self.after


def read(engine: str) -> tuple[Case, ...]:
    """Every case of an engine."""
    return tuple(case for path in sorted((FOLDER / engine).glob("*.sql")) for case in _cases(path))


def said(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """Differences as a case writes them: what comes with a table is told with it."""
    return tuple(_line(item.change, len(item.children)) for item in fold(changes))


def the_other_way(lines: tuple[str, ...]) -> tuple[str, ...]:
    """What must be said when the sides are swapped."""
    words = (line.partition(" ") for line in lines)
    return tuple(sorted(f"{_OTHER_WAY[word]} {rest}" for word, _, rest in words))


def write_expected(engine: str, found: dict[str, tuple[str, ...]]) -> None:
    """Write what was found into the files, for a person to read and to correct the code or the case by."""
    for path in sorted((FOLDER / engine).glob("*.sql")):
        blocks = [_block(case, found.get(case.id, case.expected)) for case in _cases(path)]
        path.write_text("\n".join(blocks))


def _line(change: Change, children: int) -> str:
    told = f"{_WORDS[change.difference]} {change.kind.value} {change.label}"
    if change.difference is Difference.CHANGED:
        return f"{told}: {', '.join(key for key, _, _ in change.attributes)}"
    return f"{told} with {children} more" if children else told


def _cases(path: Path) -> Iterator[Case]:
    text = path.read_text()
    for block in re.split(r"^(?=-- case:)", text, flags=re.MULTILINE):
        if block.strip():
            yield _case(path.stem, block)


def _case(file: str, block: str) -> Case:
    pieces = _MARK.split(block)[1:]
    found = {mark: (word, body) for mark, word, body in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True)}
    nothing = ("", "")
    lines = found.get("expect", nothing)[1].splitlines()
    return Case(
        file=file,
        name=found["case"][0],
        since=int(found.get("since", ("0", ""))[0]),
        both=found.get("both", nothing)[1],
        before=found.get("before", nothing)[1],
        after=found.get("after", nothing)[1],
        expected=tuple(line.removeprefix("-- ") for line in lines if line),
    )


def _block(case: Case, lines: tuple[str, ...]) -> str:
    since = f"-- since {case.since}\n" if case.since else ""
    parts = (
        (mark, body.strip("\n")) for mark, body in (("both", case.both), ("before", case.before), ("after", case.after))
    )
    told = "".join(f"-- {mark}\n{body}\n" for mark, body in parts if body)
    return f"-- case: {case.name}\n{since}{told}-- expect\n" + "".join(f"-- {line}\n" for line in lines)
