"""`schemagate web`, `worker`, `up` and `reconcile`: the service's processes on this machine."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Mapping, MutableMapping
from functools import partial
from threading import Event
from typing import NoReturn

from workers import wiring
from workers.console.embedded import EmbeddedRedis
from workers.console.supervise import Part, Supervisor
from workers.core.errors import ExpectedError
from workers.messages import Reconcile
from workers.queue import QUEUES, RedisQueue
from workers.run import attempt
from workers.schedule import run_schedule
from workers.settings import Settings, data_dir

KEY_BYTES = 32
_GUNICORN = ("--worker-class", "gthread", "--threads", "8", "--log-level", "warning", "--no-control-socket")
_TOLD_TO_WEB = frozenset(
    {"SCHEMAGATE_WEBHOOK_SECRET", "SCHEMAGATE_REDIS_URL", "SCHEMAGATE_STATE_URL", "SCHEMAGATE_CONFIG", "HOME"}
    | {"SCHEMAGATE_DATA_DIR", "XDG_DATA_HOME"}
)


def up(environment: MutableMapping[str, str], say: Callable[[str], None]) -> int:
    """Everything on one machine: embedded Redis on a private socket unless a URL is given, the state, web and workers."""
    folder = data_dir(environment)
    folder.mkdir(parents=True, exist_ok=True, mode=0o711)
    server = None if environment.get("SCHEMAGATE_REDIS_URL") else EmbeddedRedis.start(folder / "redis")
    try:
        if server is not None:
            environment["SCHEMAGATE_REDIS_URL"] = server.url
        settings = Settings.from_env(environment, new_key=lambda: secrets.token_bytes(KEY_BYTES))
        _prepare(settings, say)
        parts = (web_part(settings), *worker_parts(settings, QUEUES))
        address = f"http://{settings.host}:{settings.port}"
        Supervisor(parts).run(lambda: say(f"schemagate listens on {address}/webhook and works; Ctrl-C ends it"))
    finally:
        if server is not None:
            server.stop()
    return 0


def worker(environment: MutableMapping[str, str], queues: tuple[str, ...], say: Callable[[str], None]) -> int:
    """A worker for each queue, and the schedule."""
    settings = Settings.from_env(environment)
    _prepare(settings, say)
    Supervisor(worker_parts(settings, queues)).run(lambda: say(f"works on: {', '.join(queues)}"))
    return 0


def web(environment: Mapping[str, str], say: Callable[[str], None]) -> NoReturn:
    """The webhook service alone, in place of this process; it is told nothing that only workers may know."""
    host, port = environment.get("SCHEMAGATE_HOST") or "127.0.0.1", environment.get("SCHEMAGATE_PORT") or "8080"
    told = {name: value for name, value in environment.items() if name in _TOLD_TO_WEB}
    say(f"listens on http://{host}:{port}/webhook")
    _become_web(told, host, port)


def reconcile_once(environment: MutableMapping[str, str], *, once: bool) -> int:
    """Heal lost events and unfinished rollouts, once or every half minute."""
    settings = Settings.from_env(environment)
    wiring.install(settings)
    wiring.upgrade_state(settings)
    while True:
        services = wiring.services()
        attempt(Reconcile(), "reconcile", services, wiring.telling())
        if once:
            return 0
        time.sleep(30)


def web_part(settings: Settings) -> Part:
    """The webhook service: a program started anew, which inherits nothing of what this one knows."""
    return Part("web", lambda: _become_web(settings.web_environment(), settings.host, str(settings.port)))


def worker_parts(settings: Settings, queues: tuple[str, ...]) -> tuple[Part, ...]:
    """A process for each queue, and one for the clock."""
    return (*(Part(f"worker {name}", partial(_work, settings, name)) for name in queues), _schedule(settings))


def _work(settings: Settings, name: str) -> None:
    wiring.install(settings)
    wiring.machine(settings)
    RedisQueue.from_url(settings.redis_url, wait=60).worker(name).work(logging_level="WARNING")


def _schedule(settings: Settings) -> Part:
    def run() -> None:
        queue = RedisQueue.from_url(settings.redis_url)
        stop = Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        services = wiring.build(settings)
        names = services.configs.repositories()

        def repositories() -> tuple[int, ...]:
            try:
                return tuple(item.id for item in services.host.repositories(names))
            except ExpectedError:
                return ()

        run_schedule(queue, repositories, time.time, stop)

    return Part("schedule", run)


def _prepare(settings: Settings, say: Callable[[str], None]) -> None:
    """Check the config, make the state's tables, prove the sandbox; all of it before anything is forked."""
    wiring.server_config(settings.config)
    wiring.upgrade_state(settings)
    found = wiring.machine(settings)
    if found.problem:
        say(f"sandbox unavailable, plans will say so: {found.problem}")
    if found.trusted:
        say("the sandbox is off: every served repository is trusted")
    wiring.install(settings)


def _become_web(told: Mapping[str, str], host: str, port: str) -> NoReturn:
    argv = [sys.executable, "-m", "gunicorn", *_GUNICORN, "--bind", f"{host}:{port}", "bot.app:create_app()"]
    os.execve(sys.executable, argv, {"PATH": os.defpath, "LANG": "C.UTF-8", **told})  # noqa: S606 -- an argv of our own
