"""Prisma: the schema and its migrations, judged by the official engine, carried out by us."""
