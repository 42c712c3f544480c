"""A program that speaks a native schema engine's protocol, in place of the real one, which cannot be had where tests run."""

from __future__ import annotations

from pathlib import Path

ADDED = "ALTER TABLE `orders` ADD COLUMN `delivery` VARCHAR(191) NULL"
_PRINT = '{"jsonrpc":"2.0","id":7,"method":"print","params":{"content":"-- AlterTable\\n' + ADDED + ';"}}'
_SCRIPT = f"""#!/bin/sh
# Prints a script where the schema has a `delivery`, asks to have that confirmed, and ends.
read -r asked
say() {{ printf '%s\\n' "$1"; }}
case "$asked $*" in
  *DATABASE_URL*) say '{{"jsonrpc":"2.0","id":1,"error":{{"code":4466,"message":"it was told where the target is"}}}}' ;;
  *mysql://*@localhost/*\\?socket=%2F*) : ;;
  *) exit 4 ;;
esac
case "$asked" in
  *'"method": "diff"'*refused*)
    say '{{"jsonrpc":"2.0","id":1,"error":{{"code":4466,"message":"An error happened.","data":{{"error_code":"P1001","message":"no server"}}}}}}' ;;
  *'"method": "diff"'*delivery*)
    say '{_PRINT}'
    read -r confirmed
    case "$confirmed" in *'"id": 7, "result"'*) say '{{"jsonrpc":"2.0","id":1,"result":{{"exitCode":2}}}}' ;; *) exit 3 ;; esac ;;
  *'"method": "diff"'*) say '{{"jsonrpc":"2.0","id":1,"result":{{"exitCode":0,"stdout":null}}}}' ;;
  *) exit 5 ;;
esac
cat > /dev/null
"""


def stand_in(folder: Path) -> Path:
    """Write the program."""
    program = folder / "schema-engine"
    program.write_text(_SCRIPT)
    program.chmod(0o755)
    return program
