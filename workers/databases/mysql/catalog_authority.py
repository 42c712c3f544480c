"""What can act on a plan without being a schema difference: who may do what in this database."""

from __future__ import annotations

from workers.core.schema import ObjectKind, SchemaObject
from workers.databases.mysql.catalog_frame import Frame

# Each shows what the asking role may see: its own rights, and everybody's to who may read the grant tables.
_PRIVILEGES = """SELECT GRANTEE, '', '', GROUP_CONCAT(CONCAT(PRIVILEGE_TYPE, IF(IS_GRANTABLE = 'YES', ' with grant option', ''))
        ORDER BY PRIVILEGE_TYPE SEPARATOR ', ') FROM information_schema.SCHEMA_PRIVILEGES WHERE TABLE_SCHEMA = DATABASE() GROUP BY GRANTEE
    UNION ALL SELECT GRANTEE, TABLE_NAME, '', GROUP_CONCAT(CONCAT(PRIVILEGE_TYPE, IF(IS_GRANTABLE = 'YES', ' with grant option', ''))
        ORDER BY PRIVILEGE_TYPE SEPARATOR ', ') FROM information_schema.TABLE_PRIVILEGES WHERE TABLE_SCHEMA = DATABASE()
        GROUP BY GRANTEE, TABLE_NAME
    UNION ALL SELECT GRANTEE, TABLE_NAME, COLUMN_NAME, GROUP_CONCAT(CONCAT(PRIVILEGE_TYPE, IF(IS_GRANTABLE = 'YES', ' with grant option', ''))
        ORDER BY PRIVILEGE_TYPE SEPARATOR ', ') FROM information_schema.COLUMN_PRIVILEGES WHERE TABLE_SCHEMA = DATABASE()
        GROUP BY GRANTEE, TABLE_NAME, COLUMN_NAME"""


def authority(frame: Frame) -> list[SchemaObject]:
    """Read the privileges on this database, its tables and columns."""
    return [
        frame.made(ObjectKind.PRIVILEGE, tuple(part for part in (grantee, table, column) if part), privileges=rights)
        for grantee, table, column, rights in frame.answer(_PRIVILEGES)
    ]
