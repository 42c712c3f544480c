"""The closed list of things that GitHub may tell us and that we care about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Where it happened. `name` is owner/name as GitHub spells it now."""

    id: int
    name: str
    default_branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who did it, as GitHub authenticated them; id 0 where it does not say."""

    id: int = 0
    login: str = ""
    is_person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What every event carries: the delivery that brought it, the repository, the sender."""

    delivery: str
    repository: Repository
    sender: Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A comment under a pull: numeric id, author, text, and when it was last written (ISO 8601)."""

    id: int
    author: Sender
    text: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PullChanged:
    """A pull was opened or reopened, pushed to, retargeted, or moved in or out of draft.

    `ref`, `before` and `after` are given for a push to a branch of this repository.
    """

    origin: Origin
    number: int
    head: str
    ref: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class PullClosed:
    """A pull was closed or merged."""

    origin: Origin
    number: int


@dataclass(frozen=True, slots=True)
class CommentWritten:
    """A new comment under a pull."""

    origin: Origin
    number: int
    remark: Remark


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentEdited:
    """A comment under a pull reads differently now; `before` is what it said."""

    origin: Origin
    number: int
    remark: Remark
    before: str


@dataclass(frozen=True, slots=True)
class CommentDeleted:
    """A comment under a pull is gone."""

    origin: Origin
    number: int
    remark: Remark


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """A branch moved. `ref` is the full name."""

    origin: Origin
    ref: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CheckWanted:
    """Somebody asked for our check on a commit again, or a merge group needs it."""

    origin: Origin
    head: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing that we care about, or not in a shape that we can read; `why` is for the log."""

    why: str


Event = PullChanged | PullClosed | CommentWritten | CommentEdited | CommentDeleted | Pushed | CheckWanted | Unknown
