"""What a difference that the engine wrote says, entry by entry."""

from workers.core.names import Engine
from workers.sources.prisma.entries import entries, warnings

REDEFINED = """\
-- CreateTable
CREATE TABLE "Foo" (
    "id" INTEGER NOT NULL PRIMARY KEY
);
-- RedefineTables
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_orders" (
    "id" INTEGER NOT NULL
);
INSERT INTO "new_orders" ("id") SELECT "id" FROM "orders";
DROP TABLE "orders";
ALTER TABLE "new_orders" RENAME TO "orders";
PRAGMA foreign_keys=ON;
"""


def test_each_difference_is_a_line_and_a_copied_table_is_one():
    assert entries(REDEFINED, Engine.SQLITE) == (
        'CREATE TABLE "Foo" ( "id" INTEGER NOT NULL PRIMARY KEY )',
        'Redefine table "orders" ( "id" INTEGER NOT NULL )',
    )


def test_a_table_that_goes_for_good_is_said():
    assert entries('DROP TABLE "orders";', Engine.SQLITE) == ('DROP TABLE "orders"',)


def test_the_warnings_at_the_head_of_a_migration_are_read_one_by_one():
    text = (
        "/*\n  Warnings:\n\n  - You are about to drop `a`.\n  - Made `b` required.\n    It may fail.\n\n*/\nSELECT 1;"
    )
    assert warnings(text) == ("You are about to drop `a`.", "Made `b` required. It may fail.")
    assert warnings("SELECT 1;") == ()
