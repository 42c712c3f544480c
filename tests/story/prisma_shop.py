"""A small shop on Prisma, as other people would write it: its first commit, and the changes that pulls bring."""

from __future__ import annotations

import uuid

from tests.story.shop import APPROVERS, CONFIG
from workers.core.names import Engine
from workers.sources.prisma.history import Script
from workers.sources.prisma.migrations_table import Bookkeeper

FIRST = "20250101120000_first"
SECOND = "20250202120000_delivery"
FOLDER = "prisma/migrations"
SCHEMA = "prisma/schema.prisma"
_MODELS = """\
model Customer {
  id     Int     @id @default(autoincrement())
  email  String  @unique
  orders Order[]

  @@map("customers")
}

model Order {
  id         Int      @id @default(autoincrement())
  customerId Int      @map("customer_id")
  customer   Customer @relation(fields: [customerId], references: [id])
  note       String?

  @@map("orders")
}
"""
_POSTGRES_FIRST = """\
-- CreateTable
CREATE TABLE "customers" (
    "id" SERIAL NOT NULL,
    "email" TEXT NOT NULL,

    CONSTRAINT "customers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "orders" (
    "id" SERIAL NOT NULL,
    "customer_id" INTEGER NOT NULL,
    "note" TEXT,

    CONSTRAINT "orders_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "customers_email_key" ON "customers"("email");

-- AddForeignKey
ALTER TABLE "orders" ADD CONSTRAINT "orders_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customers"("id")
    ON DELETE RESTRICT ON UPDATE CASCADE;
"""
_SQLITE_FIRST = """\
-- CreateTable
CREATE TABLE "customers" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "email" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "orders" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "customer_id" INTEGER NOT NULL,
    "note" TEXT,
    CONSTRAINT "orders_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customers" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "customers_email_key" ON "customers"("email");
"""
_MYSQL_FIRST = """\
-- CreateTable
CREATE TABLE `customers` (
    `id` INTEGER NOT NULL AUTO_INCREMENT,
    `email` VARCHAR(191) NOT NULL,

    UNIQUE INDEX `customers_email_key`(`email`),
    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- CreateTable
CREATE TABLE `orders` (
    `id` INTEGER NOT NULL AUTO_INCREMENT,
    `customer_id` INTEGER NOT NULL,
    `note` VARCHAR(191) NULL,

    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- AddForeignKey
ALTER TABLE `orders` ADD CONSTRAINT `orders_customer_id_fkey` FOREIGN KEY (`customer_id`) REFERENCES `customers`(`id`)
    ON DELETE RESTRICT ON UPDATE CASCADE;
"""
_FIRSTS = {"postgresql": _POSTGRES_FIRST, "sqlite": _SQLITE_FIRST, "mysql": _MYSQL_FIRST}


def prisma_files(provider: str = "sqlite", config: str = "") -> dict[str, str]:
    """The first commit: a schema of the 6 line, and the migration that Prisma made for it."""
    return {
        CONFIG: config or prisma_config(),
        "README.md": "# shop\n",
        "package.json": '{"name": "shop", "devDependencies": {"prisma": "^6.19.0"}}\n',
        SCHEMA: schema(provider),
        f"{FOLDER}/migration_lock.toml": f'# Kept by Prisma.\nprovider = "{provider}"\n',
        script(FIRST): _FIRSTS[provider],
    }


def prisma_config(rules: str = "", more: str = "") -> str:
    """A configuration whose prod everybody may approve."""
    words = ", ".join(filter(None, (APPROVERS, rules)))
    lines = ["version: 1", "modules:", "  - id: shop", "    source: prisma", *([f"    {more}"] if more else [])]
    return "\n".join((*lines, "    environments:", f"      prod: {{{words}}}")) + "\n"


def schema(provider: str = "sqlite", models: str = _MODELS) -> str:
    """A schema of the 6 line."""
    url = 'env("DATABASE_URL")'
    return (
        f'generator client {{\n  provider = "prisma-client-js"\n}}\n\n'
        f'datasource db {{\n  provider = "{provider}"\n  url      = {url}\n}}\n\n{models}'
    )


def with_column(name: str = "delivery", provider: str = "sqlite") -> str:
    """The schema with one more column of orders."""
    return schema(provider, _MODELS.replace("  note       String?\n", f"  note       String?\n  {name:<10} String?\n"))


def script(name: str) -> str:
    """The path of a migration's script."""
    return f"{FOLDER}/{name}/migration.sql"


def add_column(name: str = "delivery", provider: str = "sqlite", *, migration: str = SECOND) -> dict[str, str | None]:
    """A pull that only adds: a column of orders, as `prisma migrate dev` would commit it."""
    sql = f'-- AlterTable\nALTER TABLE "orders" ADD COLUMN "{name}" TEXT;\n'
    if provider == "postgresql":
        sql = f'-- AlterTable\nALTER TABLE "orders" ADD COLUMN     "{name}" TEXT;\n'
    elif provider == "mysql":
        sql = f"-- AlterTable\nALTER TABLE `orders` ADD COLUMN `{name}` VARCHAR(191) NULL;\n"
    return {SCHEMA: with_column(name, provider), script(migration): sql}


def applied(provider: str = "sqlite", *, finished: bool = True) -> str:
    """What Prisma leaves of the first migration: its script, and the table with its row."""
    sql = _FIRSTS[provider]
    return f"{sql}\n{row(FIRST, sql, provider, finished=finished)}"


def row(name: str, sql: str, provider: str = "sqlite", *, finished: bool = True) -> str:
    """The row of a migration, in its table; without an end it failed."""
    keeper = Bookkeeper(engine=Engine(provider), new_id=lambda: str(uuid.uuid4()))
    found = Script(name=name, path=script(name), sql=sql)
    return f"{keeper.creation()};\n{keeper.applied(found) if finished else keeper.begun(found)};\n"
