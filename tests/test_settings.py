"""What workers are told, and what is left of it in the environment."""

from __future__ import annotations

import base64
import stat

import pytest

from bot.settings import Settings as BotSettings
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.settings import KEY_BYTES, Sandbox, SecretKey, Settings, create_key, data_dir, read_keys

CANARY = "canary-value"
CONFIG = """
repositories:
  acme/shop:
    modules: {shop: {environments: {prod: {url: "env:SHOP_PROD_URL", read_url: "env:SHOP_READ_URL", scratch: "env:ABSENT"}}}}
"""


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "server.yml").write_text(CONFIG)
    create_key(tmp_path / "state.key", b"s" * KEY_BYTES)
    create_key(tmp_path / "signing.key", b"g" * KEY_BYTES)
    return {
        "PATH": "/usr/bin",
        "SCHEMAGATE_APP_ID": "42",
        "SCHEMAGATE_PRIVATE_KEY": f"pem-{CANARY}",
        "SCHEMAGATE_WEBHOOK_SECRET": f"hook-{CANARY}",
        "SCHEMAGATE_REDIS_URL": f"redis://:{CANARY}@redis/0",
        "SCHEMAGATE_STATE_URL": f"postgresql://app:{CANARY}@state/db",
        "SCHEMAGATE_CONFIG": str(tmp_path / "server.yml"),
        "SCHEMAGATE_DATA_DIR": str(tmp_path),
        "SHOP_PROD_URL": f"postgresql://app:{CANARY}@db/shop",
        "SHOP_READ_URL": f"postgresql://reader:{CANARY}@db/shop",
    }


def new_key() -> bytes:
    return b"n" * KEY_BYTES


def test_everything_is_read(environment, tmp_path):
    settings = Settings.from_env(environment)
    assert (settings.app_id, settings.api_url, settings.server_url) == (
        "42",
        "https://api.github.com",
        "https://github.com",
    )
    assert (settings.host, settings.port, settings.sandbox) == ("127.0.0.1", 8080, Sandbox.REQUIRED)
    assert settings.state_keys == (SecretKey("key-1", b"s" * KEY_BYTES),)
    assert [name for name, _ in settings.variables] == ["SHOP_PROD_URL", "SHOP_READ_URL"]


def test_no_secret_is_left_in_the_environment(environment):
    Settings.from_env(environment)
    assert not any(CANARY in value for value in environment.values())
    assert environment["PATH"] == "/usr/bin"


def test_settings_print_no_secret(environment):
    settings = Settings.from_env(environment)
    assert CANARY not in repr(settings)
    assert "sss" not in repr(settings.state_keys)


def test_every_secret_is_named_for_redaction(environment):
    secrets = Settings.from_env(environment).secrets()
    assert len([secret for secret in secrets if CANARY in secret]) == 6
    assert base64.b64encode(b"s" * KEY_BYTES).decode() in secrets


def test_secrets_may_stand_in_files(environment, tmp_path):
    (tmp_path / "app.pem").write_text("PEM\n")
    settings = Settings.from_env({**environment, "SCHEMAGATE_PRIVATE_KEY": f"file:{tmp_path / 'app.pem'}"})
    assert settings.private_key == "PEM"


@pytest.mark.parametrize("name", ["SCHEMAGATE_APP_ID", "SCHEMAGATE_PRIVATE_KEY", "SCHEMAGATE_CONFIG"])
def test_what_is_missing_is_named(environment, name):
    del environment[name]
    with pytest.raises(ExpectedError, match=name) as caught:
        Settings.from_env(environment)
    assert caught.value.code is RefusalCode.NOT_CONFIGURED
    assert name in caught.value.advice


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SCHEMAGATE_PORT", "http"),
        ("SCHEMAGATE_PORT", "70000"),
        ("SCHEMAGATE_SANDBOX", "maybe"),
        ("SCHEMAGATE_STATE_KEY", "in-the-open"),
        ("SCHEMAGATE_SIGNING_KEY", "file:/nowhere/key"),
        ("SCHEMAGATE_CONFIG", "/nowhere/server.yml"),
    ],
)
def test_what_is_odd_is_named(environment, name, value):
    with pytest.raises(ExpectedError) as caught:
        Settings.from_env({**environment, name: value})
    assert caught.value.advice


def test_a_worker_makes_no_keys(environment, tmp_path):
    (tmp_path / "state.key").unlink()
    with pytest.raises(ExpectedError, match="SCHEMAGATE_STATE_KEY"):
        Settings.from_env(environment)
    assert not (tmp_path / "state.key").exists()


def test_keys_are_made_where_that_is_asked_for_and_only_for_the_owner(environment, tmp_path):
    (tmp_path / "state.key").unlink()
    settings = Settings.from_env(environment, new_key)
    assert settings.state_keys == (SecretKey("key-1", new_key()),)
    assert settings.signing_keys == (SecretKey("key-1", b"g" * KEY_BYTES),)
    assert stat.S_IMODE((tmp_path / "state.key").stat().st_mode) == 0o600


def test_a_key_file_may_hold_several_keys(tmp_path):
    text = base64.b64encode(new_key()).decode()
    (tmp_path / "k").write_text(f"# the newer one signs\nnew {text}\n\nold {text}  # still verifies\n")
    assert [key.id for key in read_keys(tmp_path / "k")] == ["new", "old"]


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "a b c\n", "a !!!\n", "a c2hvcnQ=\n", "a:b {key}\n", "a {key}\na {key}\n"]
)
def test_a_key_file_that_is_not_one_is_refused_without_its_content(tmp_path, text):
    (tmp_path / "k").write_text(text.format(key=base64.b64encode(new_key()).decode()))
    with pytest.raises(ExpectedError) as caught:
        read_keys(tmp_path / "k")
    assert "c2hvcnQ" not in caught.value.message + caught.value.advice


def test_the_webhook_service_is_told_nothing_that_only_workers_may_know(environment):
    told = Settings.from_env(environment).web_environment()
    assert not any(("app:canary" in value and "db/shop" in value) or "pem-" in value for value in told.values())
    assert BotSettings.from_env(told).webhook_secret == f"hook-{CANARY}"


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"SCHEMAGATE_DATA_DIR": "/d", "HOME": "/h"}, "/d"),
        ({"XDG_DATA_HOME": "/x", "HOME": "/h"}, "/x/schemagate"),
        ({"HOME": "/h"}, "/h/.local/share/schemagate"),
    ],
)
def test_web_and_workers_agree_where_things_lie(variables, folder, environment):
    assert str(data_dir(variables)) == folder
    told = {name: environment[name] for name in ("SCHEMAGATE_CONFIG", "SCHEMAGATE_WEBHOOK_SECRET")}
    assert BotSettings.from_env({**told, **variables}).state_url == f"sqlite:///{folder}/state.db"
