"""What git's log says of a commit, read into values."""

from __future__ import annotations

from dataclasses import dataclass

LOG_FORMAT = "%H%x01%T%x01%P%x01%an%x01%ae%x01%aI%x01%cn%x01%ce%x01%cI%x01%B"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    authored_at: str
    committer_name: str
    committer_email: str
    committed_at: str
    message: str

    @property
    def title(self) -> str:
        return self.message.partition("\n")[0]


def parse_log(text: str) -> tuple[Commit, ...]:
    """Reads the NUL-separated records that `LOG_FORMAT` asks for."""
    return tuple(_parse(record) for record in text.split("\0") if record)


def _parse(record: str) -> Commit:
    sha, tree, parents, an, ae, ai, cn, ce, ci, message = record.split("\x01", 9)
    return Commit(
        sha=sha,
        tree=tree,
        parents=tuple(parents.split()),
        author_name=an,
        author_email=ae,
        authored_at=_zulu(ai),
        committer_name=cn,
        committer_email=ce,
        committed_at=_zulu(ci),
        message=message.rstrip("\n"),
    )


def _zulu(text: str) -> str:
    return text.replace("+00:00", "Z")
