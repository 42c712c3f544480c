"""`schemagate doctor`: looks at everything that the service needs on this machine, and says what to do about what is missing."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path

import redis

from workers import wiring
from workers.console.embedded import EmbeddedRedis
from workers.console.output import Parser, progress, write
from workers.console.standalone import folder, open_machine
from workers.core.errors import ExpectedError, InterruptedWorkError
from workers.core.redact import redact
from workers.core.refusals import RefusalCode
from workers.databases.mysql.binaries import installed as installed_mysql
from workers.databases.postgresql.binaries import installed
from workers.github.host import GithubHost
from workers.github.permissions import permissions
from workers.local.clock import SystemClock
from workers.local.secret_values import SecretValues
from workers.machine import PROJECT, UV
from workers.settings import KEY_BYTES, Settings, create_key, data_dir
from workers.sources.prisma.engine import PrismaEngine
from workers.sources.prisma.process import EngineProcess
from workers.store.inbox import Inbox, connect

LEAST_PYTHON = (3, 11)
LEAST_GIT = (2, 38)
LEAST_REDIS = (5,)
_KEYS = (("SCHEMAGATE_STATE_KEY", "state.key"), ("SCHEMAGATE_SIGNING_KEY", "signing.key"))
_LEVELS = ("", "read", "write", "admin")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, whether it is good, and what was seen, or what to do."""

    name: str
    good: bool
    said: str


def options(name: str, parser: Parser) -> None:
    """It takes nothing."""
    del name
    parser.set_defaults(run=_doctor)


def sheet(findings: tuple[Finding, ...]) -> str:
    """The findings as people read them."""
    width = max(len(item.name) for item in findings)
    lines = [f"{'✓' if item.good else '✗'} {item.name:<{width}}  {' '.join(item.said.split())}" for item in findings]
    bad = sum(1 for item in findings if not item.good)
    lines.append(f"{bad} to mend" if bad else "everything is here")
    return redact("\n".join(lines)) + "\n"


def _doctor(found: argparse.Namespace) -> int:
    del found
    with progress("looking at this machine and its service"):
        findings = (*machine_findings(), *_service_findings())
    write(sheet(findings), None)
    return 0 if all(item.good for item in findings) else 1


def machine_findings() -> tuple[Finding, ...]:
    """What the machine offers, whatever the settings say."""
    checks = (
        ("Python", _python),
        ("git", _git),
        ("sandbox", _sandbox),
        ("scratch PostgreSQL", _scratch),
        ("scratch MariaDB", _scratch_mysql),
        ("uv", _uv),
        ("Prisma", _prisma),
    )
    return tuple(_look(name, check) for name, check in checks)


def _service_findings() -> Iterator[Finding]:
    """What the service is told, and what that leads to; the environment itself and its folders' keys stay as they are."""
    environment = dict(os.environ)
    embedded = not environment.get("SCHEMAGATE_REDIS_URL")
    with tempfile.TemporaryDirectory(prefix="schemagate-") as place:
        try:
            made = _stand_ins(environment, Path(place))
            settings = Settings.from_env(environment)
        except ExpectedError as error:
            yield Finding("settings", good=False, said=f"{error.message}: {error.advice}")
            return
    yield Finding("settings", good=True, said=f"App {settings.app_id} at {settings.api_url}")
    yield Finding(
        "keys", good=True, said="`schemagate up` will make them" if made else "here; all workers need the same"
    )
    yield _look("webhook secret", lambda: _webhook_secret(settings))
    yield _look("server config", lambda: _config(settings))
    yield _look("state", lambda: _state(settings))
    yield _look("Redis", lambda: _embedded_redis(settings) if embedded else _redis(settings))
    yield _look("GitHub App", lambda: _app(settings))


def _stand_ins(environment: MutableMapping[str, str], place: Path) -> bool:
    """Keys of the moment where there are none yet, because `up` makes them; says whether any was needed."""
    absent = [name for name, file in _KEYS if not environment.get(name) and not (data_dir(environment) / file).exists()]
    for name in absent:
        create_key(place / name, bytes(KEY_BYTES))
        environment[name] = f"file:{place / name}"
    return bool(absent)


def _look(name: str, check: Callable[[], str]) -> Finding:
    """One check. The doctor goes on to the next patient whatever happens; an unexpected error's text may hold a secret."""
    try:
        return Finding(name, good=True, said=check())
    except ExpectedError as error:
        return Finding(name, good=False, said=f"{error.message.rstrip('.')}: {error.advice}")
    except InterruptedWorkError as error:
        return Finding(name, good=False, said=f"{error}: try again in {error.after:.0f} s")
    except Exception as error:  # noqa: BLE001 -- see above
        return Finding(
            name, good=False, said=f"does not answer ({type(error).__name__}): check its URL and whether it runs"
        )


def _python() -> str:
    if sys.version_info < LEAST_PYTHON:
        raise _missing(f"this is Python {sys.version.split()[0]}", "use 3.11 or newer")
    return sys.version.split()[0]


def _git() -> str:
    program = shutil.which("git")
    if program is None:
        raise _missing("it is not here", "install git 2.38 or newer")
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, env={"PATH": os.defpath})
    number = next(iter(told.stdout.split()[2:]), "unknown")
    if _numbers(number) < LEAST_GIT:
        raise _missing(f"git {number} cannot merge without a work tree", "install git 2.38 or newer")
    return number


def _sandbox() -> str:
    machine = open_machine()
    if machine.trusted:
        return "off, by SCHEMAGATE_SANDBOX: every served repository is trusted"
    if machine.problem:
        raise _missing(machine.problem, machine.advice)
    return f"withstood {len(machine.probes)} probes: {', '.join(machine.probes)}"


def _scratch() -> str:
    versions = [item.version for item in installed()]
    if not versions:
        raise _missing("none is here", "install PostgreSQL of your targets' major version, or `schemagate[embedded]`")
    return f"{', '.join(versions)} (a target needs its own major version)"


def _scratch_mysql() -> str:
    found = installed_mysql(PROJECT)
    if not found:
        return "none is here; MariaDB and MySQL targets need it (`make setup` in a checkout, or `mariadb-server-core`)"
    return f"{', '.join(f'{item.engine.value} {item.version}' for item in found)} (a target needs its own series)"


def _uv() -> str:
    if not UV.exists():
        raise _missing(f"{UV} is not there", "install schemagate's own requirements again")
    told = subprocess.run([str(UV), "--version"], capture_output=True, text=True, check=False, env={})
    return told.stdout.strip()


def _prisma() -> str:
    """Ask it something, as projects on Prisma do: it must run in the sandbox."""
    machine = open_machine()
    process = EngineProcess(sandbox=machine.sandbox, area=machine.area, search_path=os.environ.get("PATH", os.defpath))
    node = process.node()
    said = PrismaEngine(process).order(("b", "a"))
    if said != ("a", "b"):
        raise _missing("its engine does not run", "install it again (`make setup`)")
    return f"the engines of Prisma 6 and 7, on Node {node.version} ({node.origin})"


def _webhook_secret(settings: Settings) -> str:
    if not settings.webhook_secret:
        raise _missing("SCHEMAGATE_WEBHOOK_SECRET is missing", "set it where `schemagate web` or `up` is started")
    return "set"


def _config(settings: Settings) -> str:
    file = wiring.server_config(settings.config)
    said = [
        item.value.text
        for repository in file.repositories
        for module in repository.modules
        for environment in module.environments
        for item in environment.said
        if item.key in {"url", "read_url", "scratch"}
    ]
    secrets = SecretValues(dict(settings.variables))
    for reference in said:
        secrets.resolve(reference)
    names = ", ".join(item.name for item in file.repositories)
    return f"serves {names}; {len(said)} database URLs have a value"


def _state(settings: Settings) -> str:
    wiring.upgrade_state(settings)
    inbox = Inbox(engine := connect(settings.state_url))
    ready = inbox.ready()
    inbox.close()
    if not ready:
        raise _missing("it does not answer", "check SCHEMAGATE_STATE_URL")
    return f"{engine.dialect.name}, in {folder()}" if engine.dialect.name == "sqlite" else engine.dialect.name


def _embedded_redis(settings: Settings) -> str:
    server = EmbeddedRedis.prepare(settings.data_dir / "redis")
    return f"embedded, by `schemagate up` ({server.program.name}); others need SCHEMAGATE_REDIS_URL"


def _redis(settings: Settings) -> str:
    with redis.Redis.from_url(settings.redis_url, socket_connect_timeout=3, socket_timeout=3) as connection:
        version = str(connection.info("server")["redis_version"])
    if _numbers(version) < LEAST_REDIS:
        raise _missing(f"Redis {version} is too old", "use 5 or newer")
    return f"answers, version {version}"


def _app(settings: Settings) -> str:
    """Compare what the App may do with what the code asks for."""
    host = GithubHost(
        app_id=int(settings.app_id), private_key=settings.private_key, api_url=settings.api_url, clock=SystemClock()
    )
    with host:
        granted = dict(host.granted())
        names = wiring.server_config(settings.config)
        wanted = tuple(item.name for item in names.repositories if "*" not in item.name)
        installed_on = {item.full_name.lower() for item in host.repositories(wanted)}
    missing = [f"{name}: {level}" for name, level in permissions() if not _covers(granted.get(name, ""), level)]
    if missing:
        raise _missing(
            f"it lacks {', '.join(missing)}", "grant that in its settings, and accept it where it is installed"
        )
    absent = [name for name in wanted if name.lower() not in installed_on]
    if absent:
        raise _missing(f"it is not installed on {', '.join(absent)}", "install it there")
    return f"has every permission that is used ({len(granted)}), and is installed on {len(wanted)} of {len(wanted)}"


def _covers(granted: str, needed: str) -> bool:
    return granted in _LEVELS and _LEVELS.index(granted) >= _LEVELS.index(needed)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _missing(what: str, advice: str) -> ExpectedError:
    return ExpectedError(what, advice, RefusalCode.NOT_CONFIGURED)
