"""A scratch database as a tool's own client reaches it: by its address, whole texts at once, the server's own settings."""

from __future__ import annotations

from dataclasses import replace

import pymysql

from workers.core.errors import ExpectedError
from workers.core.hidden import Hiding
from workers.core.refusals import RefusalCode
from workers.core.schema import Snapshot
from workers.databases.mysql.address import Address, address
from workers.databases.mysql.catalog_frame import Connection
from workers.databases.mysql.session import Reading, connected, reading
from workers.databases.mysql.writing import told
from workers.ports import BatchFault, ScratchAddress

_APPLICATION = "schemagate replay"


class MysqlPlainClient:
    """Never given a target: its texts are a pull's, and run with all that the scratch server's role may do."""

    def send(self, address: ScratchAddress, texts: tuple[str, ...]) -> BatchFault | None:
        """Send texts over one session, each whole, as Prisma's engine sends a migration's script."""
        with connected(_placed(address), _APPLICATION, several=True) as connection:
            for number, text in enumerate(texts):
                fault = _sent(connection, number, text)
                if fault is not None:
                    return fault
        return None

    def snapshot(self, address: ScratchAddress) -> Snapshot:
        """Read the whole schema. What would be hidden by a keyed hash is hidden for good: nobody compares it."""
        with reading(_placed(address)) as connection:
            return Reading(connection, Hiding(b"scratch")).snapshot()


def _sent(connection: Connection, number: int, text: str) -> BatchFault | None:
    command = 0
    with connection.cursor() as cursor:
        try:
            cursor.execute(text)
            command = 1
            while cursor.nextset():
                command += 1
        except (pymysql.Error, OSError) as error:
            said = told(error)
            return BatchFault(text=number, command=command, message=said.message, state=said.state)
    return None


def _placed(scratch: ScratchAddress) -> Address:
    """The address with the socket where it is outside of the sandbox."""
    found = address(scratch.url)
    for bind in scratch.writable:
        if found.socket.startswith(f"{bind.inside}/"):
            return replace(found, socket=f"{bind.host}{found.socket.removeprefix(bind.inside)}")
    if found.socket:
        return found
    raise ExpectedError(
        "a scratch server of MySQL is reached by its socket alone",
        "leave `scratch:` out: private servers are started on the worker's machine",
        RefusalCode.SANDBOX_UNAVAILABLE,
    )
