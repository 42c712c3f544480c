"""The chain of the evidence: how a section is sealed, and what can be told about a folder of workdocs without a server.

A section is the execution log of one rollout. It names the hash of every other file of its folder and the section of the database's previous
rollout; its own hash and signature stand in its last line. A signature is checked by a function that is passed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from workers.core.codec import sha256

LOG = "03-execution-log.md"
FIRST = "none"
_FOLDER = re.compile(rf"(?P<folder>(?:.*/)?modules/[^/]+/workdocs/[^/]+/[^/]+/db/){re.escape(LOG)}")
_CHAIN = re.compile(
    r"^Chain `(?P<target>[^`\n]+)` · number (?P<number>\d+) · previous section `(?P<previous>none|[0-9a-f]{64})`$",
    re.MULTILINE,
)
_FILE = re.compile(r"^(?P<hash>[0-9a-f]{64})  (?P<path>\S.*)$", re.MULTILINE)
_SEAL = re.compile(
    r"\nSection sha256 `(?P<section>[0-9a-f]{64})`(?: · signature \(ed25519, key `(?P<key>[^`\n]+)`\) `(?P<signature>[A-Za-z0-9+/=]+)`)?\n\Z"
)

SignatureCheck = Callable[[str, bytes, str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One sealed execution log. `path` is where it lies, `previous` the section before it in its database's chain (`none` for the first)."""

    path: str
    target: str
    number: int
    previous: str
    section: str
    key: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Altered:
    """A file that is not as it was sealed, and what is wrong with it."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A rollout that is not here: `section` is its hash, `before` the number of the rollout of this database that names it."""

    target: str
    before: int
    section: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult:
    """What was found. `unsigned` are logs without a signature, or with one that nobody could check; `chains` hold what is whole."""

    altered: tuple[Altered, ...]
    unsigned: tuple[str, ...]
    missing: tuple[Missing, ...]
    chains: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def exit_code(self) -> int:
        """0 whole, 1 altered or not proven, 2 nothing altered but rollouts are not here."""
        if self.altered or self.unsigned:
            return 1
        return 2 if self.missing else 0


def chain_line(target: str, number: int, previous: str) -> str:
    """The line by which a section says where it stands. Numbers grow and may leave some out: an approval that never ran has no section."""
    target = target.replace("`", "%60").replace("\n", "%0A")
    return f"Chain `{target}` · number {number} · previous section `{previous or FIRST}`"


def file_lines(files: Iterable[tuple[str, str]]) -> str:
    """The hashes of (path, text), as `sha256sum -c` reads them."""
    return "\n".join(f"{sha256(text.encode())}  {path}" for path, text in sorted(files))


def seal(content: str, sign: Callable[[bytes], tuple[str, str]]) -> tuple[str, str]:
    """Return (the sealed text, the section's hash): everything before the last line is hashed and signed."""
    content = content.rstrip("\n") + "\n"
    key, signature = sign(content.encode())
    section = sha256(content.encode())
    return f"{content}\nSection sha256 `{section}` · signature (ed25519, key `{key}`) `{signature}`\n", section


def verify(files: Mapping[str, str], check: SignatureCheck | None) -> AuditResult:
    """Walk the workdocs among `files` (path to text). Without `check` every signature counts as unchecked."""
    altered: list[Altered] = []
    unsigned: list[str] = []
    sections: list[Section] = []
    for path, folder in _logs(files):
        section = _read(path, files[path])
        if isinstance(section, Altered):
            altered.append(section)
            continue
        sections.append(section)
        altered += _altered_files(files, path, folder)
        if not section.signature or check is None:
            unsigned.append(path)
        elif not check(section.key, _content(files[path]), section.signature):
            altered.append(Altered(path, f"the signature of key {section.key} does not fit"))
    altered += _orphans(files)
    altered += _forks(sections)
    return AuditResult(
        altered=tuple(altered),
        unsigned=tuple(unsigned),
        missing=_missing(sections),
        chains=_chains(sections),
    )


def _logs(files: Mapping[str, str]) -> list[tuple[str, str]]:
    matches = ((path, _FOLDER.fullmatch(path)) for path in sorted(files))
    return [(path, match["folder"]) for path, match in matches if match]


def _read(path: str, text: str) -> Section | Altered:
    sealed, chains = _SEAL.search(text), _CHAIN.findall(text)
    if sealed is None:
        return Altered(path, "its last line is no seal")
    if sha256(_content(text)) != sealed["section"]:
        return Altered(path, "its text does not have the hash of its seal")
    if len(chains) != 1:
        return Altered(path, "it does not say once where it stands in its chain")
    target, number, previous = chains[0]
    return Section(
        path=path,
        target=target,
        number=int(number),
        previous=previous,
        section=sealed["section"],
        key=sealed["key"] or "",
        signature=sealed["signature"] or "",
    )


def _content(text: str) -> bytes:
    """What was hashed and signed: everything before the seal."""
    return _SEAL.sub("", text).encode()


def _altered_files(files: Mapping[str, str], log: str, folder: str) -> list[Altered]:
    """Every other file of the folder against the list in the log: changed, removed, or added."""
    named = {match["path"]: match["hash"] for match in _FILE.finditer(files[log])}
    there = {path.removeprefix(folder): text for path, text in files.items() if path.startswith(folder) and path != log}
    changed = [
        Altered(folder + path, "its hash is not the one in the execution log")
        for path, hashed in named.items()
        if path in there and sha256(there[path].encode()) != hashed
    ]
    removed = [
        Altered(folder + path, "the execution log names it, and it is not here") for path in named.keys() - there.keys()
    ]
    strangers = [Altered(folder + path, "the execution log does not name it") for path in there.keys() - named.keys()]
    return sorted(changed + removed + strangers, key=lambda item: item.path)


def _orphans(files: Mapping[str, str]) -> list[Altered]:
    """Folders with documents and without an execution log."""
    pattern = re.compile(r"(?P<folder>(?:.*/)?modules/[^/]+/workdocs/[^/]+/[^/]+/db/).+")
    matches = (pattern.fullmatch(path) for path in files)
    folders = sorted({match["folder"] for match in matches if match})
    return [
        Altered(folder + LOG, "the folder has documents and no execution log")
        for folder in folders
        if folder + LOG not in files
    ]


def _forks(sections: list[Section]) -> list[Altered]:
    """Sections that cannot all be of one chain: copies, two after the same one, a successor of another database or of a later number."""
    found: list[Altered] = []
    by_hash: dict[str, Section] = {}
    after: dict[tuple[str, str], Section] = {}
    for item in sections:
        copied = by_hash.setdefault(item.section, item)
        if copied is not item:
            found.append(Altered(item.path, f"it is a copy of {copied.path}"))
            continue
        rival = after.setdefault((item.target, item.previous), item)
        if rival is not item:
            found.append(Altered(item.path, f"it claims the place of {rival.path} in the chain"))
    for item in sections:
        before = by_hash.get(item.previous)
        if before is not None and (before.target != item.target or before.number >= item.number):
            found.append(Altered(item.path, f"it cannot follow {before.path}"))
    return found


def _missing(sections: list[Section]) -> tuple[Missing, ...]:
    here = {item.section for item in sections} | {FIRST}
    ordered = sorted(sections, key=lambda item: (item.target, item.number))
    return tuple(Missing(item.target, item.number, item.previous) for item in ordered if item.previous not in here)


def _chains(sections: list[Section]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    targets = sorted({item.target for item in sections})
    return tuple(
        (target, tuple(sorted(item.number for item in sections if item.target == target))) for target in targets
    )
