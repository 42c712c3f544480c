"""What a replay without Prisma's engine sends, and how it says where a script failed."""

from __future__ import annotations

from dataclasses import dataclass, field

from workers.core.names import Engine
from workers.core.schema import ObjectKind, SchemaObject, Snapshot
from workers.ports import BatchFault, ScratchAddress
from workers.sources.prisma.batches import Batches
from workers.sources.prisma.history import Script
from workers.sources.prisma.migrations_table import Bookkeeper

ADDRESS = ScratchAddress(url="mysql://shop@localhost/shop?unix_socket=/s/s", writable=())
KEEPER = Bookkeeper(engine=Engine.MARIADB, new_id=lambda: "an id")
SQL = (
    "-- CreateTable\nCREATE TABLE a (b INT);\n\n/* then\n */\n-- CreateTable\nCREATE TABLE `c;d` (b INT);\nSELECT 1;\n"
)


@dataclass
class Recording:
    """A server that takes everything, or stops at one command of one text."""

    objects: tuple[SchemaObject, ...] = ()
    stops: BatchFault | None = None
    sent: list[str] = field(default_factory=list)

    def send(self, address: ScratchAddress, texts: tuple[str, ...]) -> BatchFault | None:
        assert address is ADDRESS
        self.sent += texts
        return self.stops

    def snapshot(self, address: ScratchAddress) -> Snapshot:
        assert address is ADDRESS
        return Snapshot(engine=Engine.MARIADB, version="10.11.1", database="shop", objects=self.objects)


def script(sql: str = SQL, name: str = "1_first") -> Script:
    return Script(name=name, path=f"prisma/migrations/{name}/migration.sql", sql=sql)


def test_each_script_is_one_text_between_the_beginning_and_the_end_of_its_row():
    client = Recording()
    assert Batches(client).deploy(ADDRESS, (script(), script("-- none", "2")), KEEPER, first=True, before="") is None
    words = [text.split("(")[0].split("SET")[0].strip() for text in client.sent]
    assert words == [
        "CREATE TABLE IF NOT EXISTS `_prisma_migrations`",
        "INSERT INTO `_prisma_migrations`",
        "-- CreateTable\nCREATE TABLE a",
        "UPDATE `_prisma_migrations`",
        "INSERT INTO `_prisma_migrations`",
        "UPDATE `_prisma_migrations`",
    ]
    assert client.sent[2] == SQL


def test_a_failure_is_told_with_its_migration_its_command_and_the_line_where_that_begins():
    stops = BatchFault(text=1, command=1, message="Table 'c;d' already exists", state="1050")
    failed = Batches(Recording(stops=stops)).deploy(ADDRESS, (script(),), KEEPER, first=False, before="")
    assert failed is not None
    assert (failed.failed, failed.failed_line) == ("1_first", 7)
    assert failed.error == "command 2 of the script: Table 'c;d' already exists (1050)"


def test_what_the_migrations_count_on_is_made_in_an_empty_database_alone():
    table = SchemaObject(ObjectKind.TABLE, ("a",), ())
    database = SchemaObject(ObjectKind.DATABASE, ("database",), ())
    for objects, made in (((database,), True), ((database, table), False)):
        client = Recording(objects=objects)
        Batches(client).deploy(ADDRESS, (), KEEPER, first=True, before="CREATE FUNCTION f")
        assert (client.sent[:1] == ["CREATE FUNCTION f"]) is made
