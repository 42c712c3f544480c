"""What a source's tool says is wrong with its files, asked once for a content with which nothing is wrong."""

from __future__ import annotations

from dataclasses import replace

from workers.core.codec import canonical, sha256, to_json
from workers.core.config import Module
from workers.core.refusals import Refusal
from workers.ports import Replays, Source, Tree


def faults(source: Source, tree: Tree, module: Module, replays: Replays) -> tuple[Refusal, ...]:
    """Ask, unless the same files were found good before. The key is all of them, so that a pull can only ever answer for itself.

    A fault is asked for again: it may have been the machine's.
    """
    code = source.code(tree, module)
    if code is None:
        return source.faults(tree, module)
    told = to_json(replace(module, environments=()))
    key = sha256(canonical({"faults": source.kind.value, "module": told, "code": code}))
    if replays.get(key) is not None:
        return ()
    found = source.faults(tree, module)
    if not found:
        replays.keep(key, "")
    return found
