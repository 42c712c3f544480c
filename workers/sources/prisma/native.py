"""The native schema engine that an operator names, for MySQL and MariaDB: asked in the sandbox what separates a scratch database from a datamodel.

It speaks JSON-RPC over its pipes, one value a line. `diff` is all that it is asked: nothing of it writes to a database. What it prints
comes as a request of its own, which wants an answer. https://github.com/prisma/prisma-engines/tree/main/schema-engine
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.ports import ScratchAddress
from workers.sandbox.converse import Conversation, ConversationEndedError
from workers.sandbox.profile import MEBIBYTE, Profile
from workers.sandbox.run import Sandbox
from workers.sandbox.runtime import reachable
from workers.sources.prisma.answers import fault
from workers.sources.prisma.requests import placed
from workers.sources.prisma.values import EngineFault, External, Line, SchemaFile

_PROGRAM = "/prisma/schema-engine"
_SECONDS = 120.0
_MOST = 32 * MEBIBYTE
_PRINTED = 1000
_SOURCE = re.compile(r"^[ \t]*datasource\s+\w+\s*\{(?P<body>[^}]*)\}", re.MULTILINE)
_URLS = re.compile(r"^[ \t]*(?:url|directUrl|shadowDatabaseUrl)[ \t]*=.*\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeEngine:
    """Runs an operator's program; each question is one process."""

    sandbox: Sandbox
    area: Path

    def difference(
        self, program: str, address: ScratchAddress, files: Sequence[SchemaFile], line: Line, external: External
    ) -> str | EngineFault:
        """The script that would make a scratch database what the datamodel says, "" where it is. Raises ExpectedError where there is no program."""
        path = Path(program)
        if not path.is_file():
            raise ExpectedError(
                f"There is no schema engine at `{path.name}`'s place on the worker's machine.",
                "Correct `schema_engine` of the module in the server's config.",
                RefusalCode.DEPENDENCIES_UNAVAILABLE,
            )
        url = _url(address, isolated=self.sandbox.isolated)
        # 6 reads the address in the schema, 7 on the command line.
        command = [_PROGRAM] if line is Line.SIX else [_PROGRAM, "--datasource", json.dumps({"url": url})]
        profile = Profile(
            read_only=((reachable(path, self.area, self.sandbox.identity), _PROGRAM),),
            writable=tuple((bind.host, bind.inside) for bind in address.writable),
            environment=(("RUST_LOG", "error"),),
            cpu_seconds=int(_SECONDS),
        )
        with self.sandbox.converse(command, profile) as engine:
            return _told(engine, _request(files, url if line is Line.SIX else "", external))


def stamp(program: str) -> str:
    """What tells one program from another of the same name: its size and the time of its last change; "" where there is none."""
    path = Path(program)
    return f"{path.stat().st_size}:{path.stat().st_mtime_ns}" if path.is_file() else ""


def _request(files: Sequence[SchemaFile], url: str, external: External) -> dict[str, Any]:
    with_url = [{"path": item.path, "content": _with_url(item.content, url)} for item in files]
    return {
        "from": {"tag": "schemaDatasource", "files": with_url, "configDir": "/"},
        "to": {"tag": "schemaDatamodel", "files": with_url},
        "script": True,
        "exitCode": True,
        "shadowDatabaseUrl": None,
        "filters": {"externalTables": list(external.tables), "externalEnums": list(external.enums)},
    }


def _with_url(content: str, url: str) -> str:
    """A schema whose datasource leads to the scratch database, or nowhere, and never to what the project names."""

    def scratch(found: re.Match[str]) -> str:
        block = found[0].replace(found["body"], _URLS.sub("", found["body"]))
        return f"{block[:-1]}\n  url = {json.dumps(url)}\n}}" if url else block

    return _SOURCE.sub(scratch, content)


def _url(address: ScratchAddress, *, isolated: bool) -> str:
    """The scratch database's address as Prisma spells it."""
    found = urlsplit(address.url)
    socket = placed(parse_qs(found.query)["unix_socket"][0], address, isolated=isolated)
    return f"mysql://{found.netloc}{found.path}?{urlencode({'socket': socket}, quote_via=quote)}"


def _told(engine: Conversation, params: dict[str, Any]) -> str | EngineFault:
    printed: list[str] = []
    saying: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "diff", "params": params}
    try:
        for _ in range(_PRINTED):
            message = json.loads(engine.ask(json.dumps(saying).encode(), seconds=_SECONDS, most=_MOST))
            if message.get("method") != "print":
                return _ended(message, printed)
            printed.append(str(message["params"]["content"]))
            saying = {"jsonrpc": "2.0", "id": message["id"], "result": {}}
    except (ConversationEndedError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return EngineFault(code="engine_ended", message="The schema engine that the operator named gave no answer.")


def _ended(message: dict[str, Any], printed: list[str]) -> str | EngineFault:
    if "error" in message:
        told = message["error"].get("data") or message["error"]
        return fault({"code": told.get("error_code") or "engine_error", "message": told.get("message") or ""})
    result = message["result"]
    return "" if result.get("exitCode") == 0 else "\n".join((*printed, str(result.get("stdout") or ""))).strip()
