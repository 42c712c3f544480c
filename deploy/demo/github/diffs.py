"""What git's diff says of changed files, read into values."""

from __future__ import annotations

from dataclasses import dataclass

STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDiff:
    sha: str
    path: str
    previous: str | None
    status: str
    additions: int
    deletions: int
    patch: str | None  # None for a binary file or a pure rename


@dataclass(frozen=True, slots=True)
class _Raw:
    status: str
    sha: str
    previous: str | None
    path: str


def parse_diff(text: str) -> tuple[FileDiff, ...]:
    """Reads the output of `diff-tree -r -M --raw --numstat -p -z --full-index`: raw lines, counts, then patches."""
    fields = text.split("\0")
    raws, at = _raws(fields)
    counts, at = _counts(fields, at, len(raws))
    patches = _patches("\0".join(fields[at:]))
    return tuple(
        FileDiff(
            sha=raw.sha,
            path=raw.path,
            previous=raw.previous,
            status=STATUS.get(raw.status, "changed"),
            additions=added,
            deletions=deleted,
            patch=patch,
        )
        for raw, (added, deleted), patch in zip(raws, counts, patches, strict=True)
    )


def _raws(fields: list[str]) -> tuple[list[_Raw], int]:
    raws, at = [], 0
    while at < len(fields) and fields[at].startswith(":"):
        _, _, old, new, letter = fields[at][1:].split(" ")
        renamed = letter[0] in "RC"
        previous = fields[at + 1] if renamed else None
        path = fields[at + 2] if renamed else fields[at + 1]
        raws.append(_Raw(letter[0], old if letter[0] == "D" else new, previous, path))
        at += 3 if renamed else 2
    return raws, at


def _counts(fields: list[str], at: int, number: int) -> tuple[list[tuple[int, int]], int]:
    counts = []
    for _ in range(number):
        added, deleted, path = fields[at].split("\t", 2)
        counts.append((0 if added == "-" else int(added), 0 if deleted == "-" else int(deleted)))
        at += 1 if path else 3  # a rename carries both names as fields of their own
    return counts, at + 1  # an empty field stands before the patches


def _patches(text: str) -> list[str | None]:
    patches: list[str | None] = []
    previous = ""
    for block in ("\n" + text).split("\ndiff --git ")[1:]:
        names, _, body = block.partition("\n")
        start = ("\n" + body).find("\n@@ ")
        patch = body[start:].rstrip("\n") if start >= 0 else None
        if names == previous:  # a file that became a link is shown as removed and added: one entry for GitHub
            patches[-1] = "\n".join(p for p in (patches[-1], patch) if p) or None
        else:
            patches.append(patch)
        previous = names
    return patches
