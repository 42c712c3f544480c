"""Put the service together: which class fills which port, from settings read once."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from workers.core.config_files import ServerFile
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.github.checkout import MirrorCode
from workers.github.git import network_variables
from workers.github.host import GithubHost
from workers.github.mirror import Mirrors
from workers.inbox import HeardInbox
from workers.local.clock import SystemClock
from workers.local.kept_replays import KeptReplays
from workers.local.keys import SigningKeys
from workers.local.merged_configs import MergedConfigs, read_server_config
from workers.local.secret_values import SecretValues
from workers.machine import Machine, databases, find_machine, sources, tools
from workers.ports import Code, Host, Queue, Services
from workers.queue import RedisQueue
from workers.settings import Sandbox as SandboxSetting
from workers.settings import Settings
from workers.store.inbox import Inbox, connect
from workers.store.seal import Seal, StateKey
from workers.store.sql import SqlStore
from workers.store.upgrade import upgrade
from workers.telling import PullTelling
from workers.version import VERSION

_installed: list[Settings] = []


def install(settings: Settings) -> None:
    """Remember the settings for the jobs of this process and of those that it forks."""
    _installed[:] = [settings]


def services() -> Services:
    """The services of a job; made anew in each job's process, because connections do not survive a fork."""
    return build(_installed[0])


def telling() -> PullTelling:
    """How trouble is told."""
    return PullTelling()


def build(settings: Settings, *, queue: Queue | None = None, found: Machine | None = None) -> Services:
    """Make everything; connects to nothing but the state. `found` is the machine where it was looked at already."""
    clock = SystemClock()
    found = found or machine(settings)
    host = GithubHost(
        app_id=int(settings.app_id), private_key=settings.private_key, api_url=settings.api_url, clock=clock
    )
    host.__enter__()
    mirrors = Mirrors(
        environment=network_variables(os.environ),
        folder=settings.data_dir / "mirrors",
        server_url=settings.server_url,
        token=host.token,
    )
    engine = connect(settings.state_url)
    store = SqlStore(engine, Seal(tuple(StateKey(key.id, key.secret) for key in settings.state_keys)), clock)
    keys = tuple((key.id, Ed25519PrivateKey.from_private_bytes(key.secret)) for key in settings.signing_keys)
    return Services(
        host=_host(host),
        code=_code(MirrorCode(mirrors)),
        store=store,
        inbox=HeardInbox(Inbox(engine)),
        queue=queue or RedisQueue.from_url(settings.redis_url),
        clock=clock,
        signer=SigningKeys(keys),
        secrets=SecretValues(dict(settings.variables)),
        configs=MergedConfigs(server_config(settings.config)),
        replays=KeptReplays(settings.data_dir / "replays", tools()),
        databases=databases(found, settings.state_keys[0].secret),
        sources=sources(found),
        server_url=settings.server_url,
        version=VERSION,
        sandbox_problem=found.problem,
        trusted=found.trusted,
    )


def upgrade_state(settings: Settings) -> None:
    """Make or bring forward the tables of the state."""
    engine = connect(settings.state_url)
    upgrade(engine)
    engine.dispose()


def machine(settings: Settings) -> Machine:
    """Find and prove the sandbox; its self-test runs once a process."""
    return find_machine(settings.data_dir, off=settings.sandbox is SandboxSetting.OFF)


def server_config(path: Path) -> ServerFile:
    """Read the operator's config. Raises ExpectedError(config_invalid) with every fault."""
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"the server config cannot be read: {error.strerror}"
        raise ExpectedError(message, "set SCHEMAGATE_CONFIG to its path", RefusalCode.NOT_CONFIGURED) from error
    found = read_server_config(content)
    if isinstance(found, ServerFile):
        return found
    faults = "; ".join(f"line {item.line}: {item.message} ({item.fix})" for item in found)
    raise ExpectedError(f"the server config is not valid: {faults}", "mend these lines", RefusalCode.CONFIG_INVALID)


def _host(host: GithubHost) -> Host:
    return host


def _code(code: MirrorCode) -> Code:
    return code
