"""`schemagate web`, `worker`, `up` and `reconcile`: the service's processes on this machine."""

from __future__ import annotations

import argparse
import fcntl
import importlib
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import NoReturn

import structlog
from sqlalchemy.exc import SQLAlchemyError

from workers import wiring
from workers.console import kernel
from workers.console.embedded import EmbeddedRedis
from workers.console.output import Parser, Run, tell
from workers.console.supervise import Part, Supervisor
from workers.core.errors import ExpectedError, InterruptedWorkError
from workers.core.refusals import RefusalCode
from workers.jobs.reconcile import reconcile
from workers.logs import configure_logs
from workers.machine import tools
from workers.messages import Reconcile
from workers.queue import QUEUES, RedisQueue
from workers.schedule import RECONCILE_SECONDS, run_schedule
from workers.settings import DEFAULT_HOST, DEFAULT_PORT, KEY_BYTES, Settings, data_dir
from workers.sources.prisma.node import find_node
from workers.store.inbox import connect
from workers.store.upgrade import upgrade

_GUNICORN = ("--worker-class", "gthread", "--threads", "8", "--log-level", "warning", "--no-control-socket")
_GRACE = ("--graceful-timeout", "4")  # the supervisor's patience is longer
_WEB_NEEDS = (("SCHEMAGATE_WEBHOOK_SECRET", "the App's webhook secret"), ("SCHEMAGATE_CONFIG", "the server config"))
_TOLD_TO_WEB = frozenset(
    {"SCHEMAGATE_WEBHOOK_SECRET", "SCHEMAGATE_REDIS_URL", "SCHEMAGATE_STATE_URL", "SCHEMAGATE_CONFIG", "HOME"}
    | {"SCHEMAGATE_DATA_DIR", "XDG_DATA_HOME"}
)

_OF_EVERY_JOB = ("workers.run", "httpcore")  # by name: neither web nor schedule has any use for them

log = structlog.get_logger()


def options(name: str, parser: Parser) -> None:
    """What one of the four commands takes and does."""
    runs: dict[str, Run] = {"web": _web, "worker": _worker, "up": _up, "reconcile": _reconcile}
    parser.set_defaults(run=runs[name])
    if name == "worker":
        words = ", ".join(QUEUES)
        parser.add_argument("--queues", nargs="+", choices=QUEUES, default=QUEUES, metavar="QUEUE", help=words)
    if name == "reconcile":
        parser.add_argument("--once", action="store_true", help="once, instead of every half minute")


def _up(found: argparse.Namespace) -> int:
    """Redis unless a URL is given, then web, then the workers; keys are made where there are none."""
    del found
    environment = os.environ
    folder = data_dir(environment)
    folder.mkdir(parents=True, exist_ok=True, mode=0o711)
    with _alone(folder):
        server = None if environment.get("SCHEMAGATE_REDIS_URL") else EmbeddedRedis.prepare(folder / "redis")
        if server is not None:
            environment["SCHEMAGATE_REDIS_URL"] = server.url
        settings = _settings(environment, lambda: secrets.token_bytes(KEY_BYTES))
        _require_free(settings.host, settings.port)
        _prepare(settings)
        redis = () if server is None else (Part("redis", server.become, server.answers, leaned_on=True),)
        address = f"http://{settings.host}:{settings.port}/webhook"
        supervisor = Supervisor((*redis, _web_part(settings), *_worker_parts(settings, QUEUES)))
        supervisor.run(lambda: tell(f"schemagate listens on {address} and works; Ctrl-C ends it"))
    return 0


def _worker(found: argparse.Namespace) -> int:
    settings = _settings(os.environ, None)
    _prepare(settings)
    queues = tuple(dict.fromkeys(found.queues))
    Supervisor(_worker_parts(settings, queues)).run(lambda: tell(f"works on: {', '.join(queues)}; Ctrl-C ends it"))
    return 0


def _web(found: argparse.Namespace) -> NoReturn:
    """The webhook service, in place of this process; it is told nothing that only workers may know."""
    del found
    environment = os.environ
    for name, what in _WEB_NEEDS:
        if not environment.get(name):
            raise ExpectedError(f"{name} is missing", f"set {name} to {what}", RefusalCode.NOT_CONFIGURED)
    host = environment.get("SCHEMAGATE_HOST") or DEFAULT_HOST
    port = environment.get("SCHEMAGATE_PORT") or str(DEFAULT_PORT)
    told = {name: value for name, value in environment.items() if name in _TOLD_TO_WEB}
    wiring.server_config(Path(environment["SCHEMAGATE_CONFIG"]))
    _make_tables(environment.get("SCHEMAGATE_STATE_URL") or f"sqlite:///{data_dir(environment) / 'state.db'}")
    tell(f"listens on http://{host}:{port}/webhook")
    _become_web(told, host, port)


def _reconcile(found: argparse.Namespace) -> int:
    settings = _settings(os.environ, None)
    wiring.server_config(settings.config)
    _make_tables(settings.state_url)
    services = wiring.build(settings)
    while True:
        reconcile(Reconcile(), services)
        if found.once:
            return 0
        time.sleep(RECONCILE_SECONDS)


def _web_part(settings: Settings) -> Part:
    """A program started anew, which inherits nothing of what this one knows."""
    told = settings.web_environment()

    def answers() -> bool:
        with socket.socket(_family(settings.host)) as probe:
            return probe.connect_ex((settings.host, settings.port)) == 0

    return Part("web", lambda: _become_web(told, settings.host, str(settings.port)), answers)


def _worker_parts(settings: Settings, queues: tuple[str, ...]) -> tuple[Part, ...]:
    """A process for each queue, and one for the clock."""
    works = (Part(f"worker {name}", partial(_work, settings, name)) for name in queues)
    return (*works, Part("schedule", partial(_keep_schedule, settings)))


def _work(settings: Settings, name: str) -> None:
    """RQ forks a process a job: one that loses its worker would go on while the job is given to another."""
    worker = os.getpid()
    os.register_at_fork(
        after_in_child=lambda: kernel.end_with(os.getppid(), signal.SIGKILL) if os.getppid() == worker else None
    )
    wiring.install(settings)
    wiring.machine(settings)
    _load()
    RedisQueue.from_url(settings.redis_url, wait=60).worker(name).work(logging_level="WARNING")


def _load() -> None:
    """Do once what each job's process would do after its fork: import the jobs and GitHub's client, ask Node what it can, read our own code."""
    for name in _OF_EVERY_JOB:
        importlib.import_module(name)
    find_node(os.environ.get("PATH", os.defpath))
    tools()


def _keep_schedule(settings: Settings) -> None:
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    services = wiring.build(settings)
    names = services.configs.repositories()

    def repositories() -> tuple[int, ...]:
        try:
            return tuple(item.id for item in services.host.repositories(names))
        except (ExpectedError, InterruptedWorkError) as error:
            log.warning("night_without_drift", why=str(error))
            return ()

    run_schedule(RedisQueue.from_url(settings.redis_url), repositories, time.time, stop)


def _settings(environment: MutableMapping[str, str], new_key: Callable[[], bytes] | None) -> Settings:
    """Read what we are told, and leave no secret of it where a fork, a child or /proc would show it."""
    names = frozenset(environment)
    settings = Settings.from_env(environment, new_key)
    kernel.strike_out(names - frozenset(environment))
    configure_logs(settings.secrets())
    return settings


def _prepare(settings: Settings) -> None:
    """Check the config, make the state's tables, prove the sandbox; all of it before anything is forked."""
    wiring.server_config(settings.config)
    _make_tables(settings.state_url)
    found = wiring.machine(settings)
    if found.problem:
        tell(f"sandbox unavailable, plans will say so: {found.problem}")
    if found.trusted:
        tell("the sandbox is off: every served repository is trusted")


def _make_tables(state_url: str) -> None:
    """Bring the state's tables to this version, whoever comes first. Its driver's errors may quote the URL."""
    try:
        engine = connect(state_url)
        upgrade(engine)
        engine.dispose()
    except SQLAlchemyError:
        advice = "check SCHEMAGATE_STATE_URL, and that its server runs"
        raise ExpectedError("the state does not answer", advice, RefusalCode.NOT_CONFIGURED) from None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two of us on one folder would take each other's Redis."""
    with (folder / "up.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another `schemagate up` works in {folder}"
            advice = "end it, or set another SCHEMAGATE_DATA_DIR"
            raise ExpectedError(message, advice, RefusalCode.NOT_CONFIGURED) from None
        yield


def _require_free(host: str, port: int) -> None:
    with socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"{host}:{port} cannot be listened on: {error.strerror}"
            raise ExpectedError(
                message, "set SCHEMAGATE_HOST and SCHEMAGATE_PORT", RefusalCode.NOT_CONFIGURED
            ) from None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _become_web(told: Mapping[str, str], host: str, port: str) -> NoReturn:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    argv = [sys.executable, "-m", "gunicorn", *_GUNICORN, *_GRACE, "--bind", place, "bot.app:create_app()"]
    os.execve(sys.executable, argv, {"PATH": os.defpath, "LANG": "C.UTF-8", **told})  # noqa: S606 -- an argv of our own
