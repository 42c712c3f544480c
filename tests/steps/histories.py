"""Histories in a few words: `line("r1", "r2")` is two migrations, each on top of the one before."""

from __future__ import annotations

from workers.ports import History, Revision


def revision(name: str, *down: str, content: str = "", depends: tuple[str, ...] = ()) -> Revision:
    return Revision(
        id=name,
        down=down,
        depends=depends,
        labels=(),
        path=f"versions/{name}.py",
        line=4,
        title=name,
        content=content or f"content of {name}",
    )


def history(*revisions: Revision) -> History:
    below = {name for item in revisions for name in (*item.down, *item.depends)}
    return History(revisions=revisions, heads=tuple(item.id for item in revisions if item.id not in below))


def line(*names: str) -> History:
    return history(*(revision(name, *names[max(number - 1, 0) : number]) for number, name in enumerate(names)))
