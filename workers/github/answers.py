"""GitHub's JSON, read tolerantly: what is not asked for is never looked at, what is missing is said, nothing is guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode


@dataclass(frozen=True, slots=True)
class Answer:
    """One JSON value. Keys are given as a path: `answer.text("user", "login")`."""

    value: Any

    def text(self, *keys: str) -> str:
        """A string that must be there."""
        found: str = self._of(str, keys)
        return found

    def number(self, *keys: str) -> int:
        """A whole number that must be there."""
        found: int = self._of(int, keys)
        return found

    def flag(self, *keys: str) -> bool:
        """True where GitHub says so; a missing flag is false."""
        return self.at(*keys).value is True

    def maybe_text(self, *keys: str) -> str:
        """A string, empty where there is none."""
        found = self.at(*keys).value
        return found if isinstance(found, str) else ""

    def maybe_number(self, *keys: str) -> int | None:
        """A whole number, None where there is none."""
        found = self.at(*keys).value
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def at(self, *keys: str) -> Answer:
        """What lies at a path; the answer of nothing where a step is missing."""
        found = self.value
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return Answer(found)

    def texts(self, *keys: str) -> tuple[tuple[str, str], ...]:
        """The pairs of a mapping of strings that must be there."""
        return tuple((key, value) for key, value in self._of(dict, keys).items() if isinstance(value, str))

    def items(self, *keys: str) -> tuple[Answer, ...]:
        """The items of a list that must be there."""
        return tuple(Answer(item) for item in self._of(list, keys))

    def _of(self, kind: type[Any], keys: tuple[str, ...]) -> Any:  # noqa: ANN401 -- a value of `kind`
        found = self.at(*keys).value
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            place = ".".join(keys) or "the whole"
            raise ExpectedError(
                f"GitHub's answer lacks {place}", "comment `/plan` to try again", RefusalCode.CHECKOUT_FAILED
            )
        return found
