"""The first `.github/schemagate.yml` of a repository, with a sentence beside each choice: what `schemagate init` writes."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.names import SourceKind, slug

_HEAD = """\
# schemagate reads this file at the tip of the default branch only: a pull cannot change the rules it is judged by.
# Which database an environment is, and who may approve there, stands in the server config; this file can only add to it.
version: 1
# branches: [main]              # pulls against these bases may apply; the default branch when left out
modules:
"""
_ENVIRONMENTS = """\
    environments:
      staging:
        approvers: ["role:write"]
      prod:
        requires_applied: [staging]          # every migration must be on staging first
        approvers: ["role:maintain"]         # also "@login" and "org/team-slug"
        # approvals: 1                       # how many people
        # approval_expires: 24h
        # approve_needs_code: unless_additive   # or always
        # block_on_drift: touched            # or any, never
        # destructive: needs_word            # or refuse
        # backup_statement: "point-in-time recovery, 7 days"
        # lock_timeout: 3s
        # statement_timeout: 15min
        # apply_hours: "Mon-Thu 09:00-16:00 Europe/Berlin"
"""


@dataclass(frozen=True, slots=True)
class FoundModule:
    """A folder that holds one source, or several: then `sources` has them all and the choice is the reader's."""

    path: str
    sources: tuple[SourceKind, ...]


def first_config(repository: str, found: tuple[FoundModule, ...]) -> str:
    """Return the file for what was found, a module with a made-up name where nothing was."""
    modules = found or (FoundModule(".", ()),)
    ids: list[str] = []
    for module in modules:
        ids.append(_free(slug(module.path if module.path != "." else repository, 63), ids))
    return _HEAD + "".join(_module(name, module) for name, module in zip(ids, modules, strict=True))


def _module(name: str, module: FoundModule) -> str:
    lines = [f"  - id: {_quoted(name)}", f"    path: {_quoted(module.path)}"]
    if len(module.sources) > 1:
        choices = " and ".join(kind.value for kind in module.sources)
        lines.append(f"    # {choices} are both here; which one is the truth? Write it:")
        lines.extend(f"    # source: {kind.value}" for kind in module.sources)
    return "\n".join(lines) + "\n" + _ENVIRONMENTS


def _free(name: str, taken: list[str]) -> str:
    """The name itself, or with a number behind it."""
    numbered = (f"{name[:60]}-{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(item for item in numbered if item not in taken)


def _quoted(text: str) -> str:
    """Plain where YAML reads it back as the same text, in single quotes elsewhere."""
    plain = text.replace("/", "").replace("-", "").replace("_", "")
    return (
        text
        if plain.isascii() and plain.isalnum() and plain[:1].isalpha() and text.lower() not in _WORDS
        else "'" + text.replace("'", "''") + "'"
    )


_WORDS = {"null", "true", "false"}
