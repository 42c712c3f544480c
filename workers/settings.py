"""What the service is told by its environment: read once, and the secrets taken out of it, so that no child inherits them."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode

DEFAULT_API_URL = "https://api.github.com"
DEFAULT_SERVER_URL = "https://github.com"
DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080
KEY_BYTES = 32
_SECRETS = (
    "SCHEMAGATE_PRIVATE_KEY",
    "SCHEMAGATE_WEBHOOK_SECRET",
    "SCHEMAGATE_REDIS_URL",
    "SCHEMAGATE_STATE_URL",
    "SCHEMAGATE_STATE_KEY",
    "SCHEMAGATE_SIGNING_KEY",
)
_NAMED_IN_CONFIG = re.compile(r"\benv:([A-Za-z_][A-Za-z0-9_]*)")
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Sandbox(StrEnum):
    """Whether strangers' code runs in a sandbox; `off` is the operator's word that every served repository is trusted."""

    REQUIRED = "required"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key of ours and its id. The first of a file signs, every one verifies."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        """Say which key, never what it is."""
        return f"SecretKey({self.id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the operator says, but for the server config's own content.

    `variables` are the values of the names that the server config gives as `env:NAME`.
    """

    app_id: str
    private_key: str
    webhook_secret: str
    api_url: str
    server_url: str
    redis_url: str
    state_url: str
    config: Path
    data_dir: Path
    state_keys: tuple[SecretKey, ...]
    signing_keys: tuple[SecretKey, ...]
    host: str
    port: int
    sandbox: Sandbox
    variables: tuple[tuple[str, str], ...]

    @classmethod
    def from_env(cls, environment: MutableMapping[str, str], new_key: Callable[[], bytes] | None = None) -> Settings:
        """Read everything that a worker needs, and remove the secrets from `environment`.

        `new_key` gives the bytes of a new key: `up` and `setup` create key files where there are none, a worker must not, because keys are the
        same on all workers. Raises ExpectedError(not_configured) with what to set.
        """
        folder = data_dir(environment)
        config = Path(_wanted(environment, "SCHEMAGATE_CONFIG", "to the path of the server config"))
        made = cls(
            app_id=_wanted(environment, "SCHEMAGATE_APP_ID", "to the App's id"),
            private_key=_secret(
                environment, "SCHEMAGATE_PRIVATE_KEY", "to the App's private key (PEM), or to file:PATH"
            ),
            webhook_secret=_optional_secret(environment, "SCHEMAGATE_WEBHOOK_SECRET"),
            api_url=environment.get("SCHEMAGATE_GITHUB_API_URL") or DEFAULT_API_URL,
            server_url=environment.get("SCHEMAGATE_GITHUB_SERVER_URL") or DEFAULT_SERVER_URL,
            redis_url=environment.get("SCHEMAGATE_REDIS_URL") or DEFAULT_REDIS_URL,
            state_url=environment.get("SCHEMAGATE_STATE_URL") or f"sqlite:///{folder / 'state.db'}",
            config=config,
            data_dir=folder,
            state_keys=_keys(environment, "SCHEMAGATE_STATE_KEY", folder / "state.key", new_key),
            signing_keys=_keys(environment, "SCHEMAGATE_SIGNING_KEY", folder / "signing.key", new_key),
            host=environment.get("SCHEMAGATE_HOST") or DEFAULT_HOST,
            port=_port(environment.get("SCHEMAGATE_PORT") or str(DEFAULT_PORT)),
            sandbox=_sandbox(environment.get("SCHEMAGATE_SANDBOX") or "required"),
            variables=_variables(environment, config),
        )
        forget(environment, made.variables)
        return made

    def __repr__(self) -> str:
        """Say which App, and no secret."""
        return f"Settings(app {self.app_id}, {self.api_url})"

    def secrets(self) -> tuple[str, ...]:
        """Every value that must never be written anywhere."""
        keys = (key.secret for key in (*self.state_keys, *self.signing_keys))
        encoded = (base64.b64encode(secret).decode() for secret in keys)
        urls = (self.redis_url, self.state_url)
        values = (value for _, value in self.variables)
        return tuple(filter(None, (self.private_key, self.webhook_secret, *urls, *encoded, *values)))

    def web_environment(self) -> Mapping[str, str]:
        """What the webhook service is told, and nothing more."""
        return {
            "SCHEMAGATE_WEBHOOK_SECRET": self.webhook_secret,
            "SCHEMAGATE_REDIS_URL": self.redis_url,
            "SCHEMAGATE_STATE_URL": self.state_url,
            "SCHEMAGATE_CONFIG": str(self.config),
        }


def data_dir(environment: Mapping[str, str]) -> Path:
    """Where mirrors, caches, keys and an SQLite state lie."""
    if folder := environment.get("SCHEMAGATE_DATA_DIR"):
        return Path(folder).absolute()
    if base := environment.get("XDG_DATA_HOME"):
        return Path(base).absolute() / "schemagate"
    if home := environment.get("HOME"):
        return Path(home).absolute() / ".local" / "share" / "schemagate"
    raise _not_configured("SCHEMAGATE_DATA_DIR", "to a folder for mirrors, caches and the state")


def forget(environment: MutableMapping[str, str], variables: tuple[tuple[str, str], ...] = ()) -> None:
    """Remove every secret from an environment."""
    for name in (*_SECRETS, *(name for name, _ in variables)):
        environment.pop(name, None)


def read_keys(path: Path) -> tuple[SecretKey, ...]:
    """Read a key file: a line a key, its id, a blank, 32 bytes in base64; the first signs. Raises ExpectedError(not_configured)."""
    lines = (line.split("#", 1)[0].split() for line in _read(path).splitlines())
    keys = tuple(_key(path, words) for words in lines if words)
    if not keys or len({key.id for key in keys}) < len(keys):
        raise _not_configured(str(path), "to hold one key or more, each with an id of its own")
    return keys


def create_key(path: Path, secret: bytes) -> None:
    """Write a key file that only this user may read; one that is there stays as it is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = f"key-1 {base64.b64encode(secret).decode()}\n"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(line)


def _keys(
    environment: Mapping[str, str], name: str, default: Path, new_key: Callable[[], bytes] | None
) -> tuple[SecretKey, ...]:
    value = environment.get(name, "")
    if value and not value.startswith("file:"):
        raise _not_configured(name, "to file:PATH")
    path = Path(value.removeprefix("file:")) if value else default
    if new_key is not None and not path.exists():
        create_key(path, new_key())
    if not path.exists():
        raise _not_configured(name, f"to file:PATH of the keys that all workers share ({path} is not there)")
    return read_keys(path)


def _key(path: Path, words: list[str]) -> SecretKey:
    try:
        name, text = words
        secret = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        name, secret = "", b""
    if not _KEY_ID.fullmatch(name) or len(secret) != KEY_BYTES:
        raise _not_configured(str(path), "to hold lines of an id and 32 bytes in base64")
    return SecretKey(name, secret)


def _variables(environment: Mapping[str, str], config: Path) -> tuple[tuple[str, str], ...]:
    """The values that the server config names; a name without a value is left to whoever needs it."""
    names = sorted(set(_NAMED_IN_CONFIG.findall(_read(config))))
    return tuple((name, environment[name]) for name in names if name in environment)


def _secret(environment: Mapping[str, str], name: str, what: str) -> str:
    return _optional_secret(environment, name) or _wanted({}, name, what)


def _optional_secret(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    return _read(Path(value.removeprefix("file:"))).strip() if value.startswith("file:") else value


def _wanted(environment: Mapping[str, str], name: str, what: str) -> str:
    if value := environment.get(name):
        return value
    raise _not_configured(name, what)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 <= int(text) <= 65_535:
        raise _not_configured("SCHEMAGATE_PORT", "to a port number")
    return int(text)


def _sandbox(text: str) -> Sandbox:
    if text not in set(Sandbox):
        raise _not_configured("SCHEMAGATE_SANDBOX", "to required or off")
    return Sandbox(text)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _not_configured(str(path), "so that this user can read it") from error


def _not_configured(name: str, what: str) -> ExpectedError:
    return ExpectedError(f"{name} is missing or not usable", f"set {name} {what}", RefusalCode.NOT_CONFIGURED)
