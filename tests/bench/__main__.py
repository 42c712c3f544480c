"""`python -m tests.bench [--engine E…] [--tables N…] [--times N] [--alone]`: compare two schemas, beside the floor and the peers.

Every figure is of a whole process: start, connect, read both schemas, compare, print. 1,000 and 5,000 tables have gates; exit 1 where one is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench.gates import LARGE, SMALL, gates
from tests.bench.measure import Measured, ToolFailedError, measure
from tests.bench.peers import FLOOR, OURS, PROJECT, Tool, peers, unchanged
from tests.bench.targets import Place, Urls, places
from tests.bench.workload import DIALECTS
from workers.core.names import Engine

SIZES = (100, SMALL, LARGE)
_ENGINES = tuple(DIALECTS)


def main(words: list[str]) -> int:
    """Measure, print, and judge."""
    asked = _asked(words)
    tools = (FLOOR, OURS, *(() if asked.alone else peers()))
    missed = 0
    with places(tuple(asked.engine)) as found, tempfile.TemporaryDirectory() as data:
        Path(data).chmod(0o755)  # the sandbox's user passes
        environment = {"SCHEMAGATE_DATA_DIR": data, "PYTHONPATH": str(PROJECT)}
        for place in found:
            figures: dict[tuple[str, int], Measured] = {}
            for count in asked.tables:
                with place.made(count) as urls:
                    _measure_all(place, count, urls, tools, asked.times, environment, figures)
            judged = tuple(gates(place.engine, figures))
            sys.stdout.writelines(f"{place.engine.value}: {gate.line}\n" for gate in judged)
            missed += sum(not gate.good for gate in judged)
    return 1 if missed else 0


def _asked(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--engine", nargs="+", type=Engine, default=_ENGINES, choices=_ENGINES, help="default: all")
    parser.add_argument("--tables", nargs="+", type=int, default=SIZES, help="default: 100 1000 5000")
    parser.add_argument("--times", type=int, default=3, help="runs of each program, the median counts; default 3")
    parser.add_argument("--alone", action="store_true", help="without the peers")
    return parser.parse_args(words)


def _measure_all(
    place: Place,
    count: int,
    urls: Urls,
    tools: tuple[Tool, ...],
    times: int,
    environment: dict[str, str],
    figures: dict[tuple[str, int], Measured],
) -> None:
    for tool in (*tools, unchanged(urls[0], Path(environment["SCHEMAGATE_DATA_DIR"]))):
        if place.engine not in tool.engines or count > tool.largest:
            continue
        command = tool.command(*urls)
        often = times if tool.name in {"floor", "schemagate", "unchanged"} or count < LARGE else 1
        try:
            measure(command, tool.ends, 1, environment)  # the first finds everything cold
            figures[tool.name, count] = measure(command, tool.ends, often, environment)
        except ToolFailedError as error:
            sys.stdout.write(f"{place.engine.value:<11}{count:>6} {tool.name:<12} failed: {error}\n")
            continue
        _print(place.engine, count, tool.name, figures)


def _print(engine: Engine, count: int, name: str, figures: dict[tuple[str, int], Measured]) -> None:
    found, floor = figures[name, count], figures[FLOOR.name, count]
    marks = DIALECTS[engine].marks
    seen = sum(mark in found.said for mark in marks)
    sys.stdout.write(
        f"{engine.value:<11}{count:>6} {name:<12}{found.seconds:>8.2f} s {found.seconds / floor.seconds:>6.1f} x floor"
        f"{found.mebibytes:>7.0f} MiB  finds {seen}/{len(marks)}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
