"""Starts the recorder as `python FOLDER REQUEST`: one JSON value in, lines of JSON out, nothing else on that pipe."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

NAME = "schemagate_recorder"
"""No project has a package of this name, so neither hides the other."""


def main() -> None:
    # The project prints what it likes: its standard output is our error output from here on.
    pipe = os.dup(1)
    os.dup2(2, 1)
    ours = os.getpid()

    def say(value: dict[str, Any]) -> None:
        if os.getpid() != ours:
            os._exit(70)  # a fork of the project's that came back into our code
        line = memoryview(json.dumps(value).encode() + b"\n")
        while line:
            line = line[os.write(pipe, line) :]

    folder = Path(__file__).resolve().parent
    sys.path.remove(str(folder))
    spec = importlib.util.spec_from_file_location(
        NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None:
        raise ImportError(NAME)
    sys.modules[NAME] = importlib.util.module_from_spec(spec)
    request = json.loads(sys.argv.pop())
    try:
        answer = importlib.import_module(f"{NAME}.phases").record(request, say)
    except ImportError as error:
        answer = {
            "error": f"{type(error).__name__}: {error}. The project's dependencies must hold Alembic and SQLAlchemy."
        }
    for part in ("main", "undo"):
        statements = answer.get(part)
        if statements is not None:
            for statement in statements:
                say({part: statement})
            answer[part] = len(statements)
    say({"answer": answer})
    os._exit(0)  # threads of the project's must not keep us


if __name__ == "__main__":
    main()
