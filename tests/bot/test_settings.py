"""What the webhook service is told."""

from __future__ import annotations

import pytest

from bot.settings import Served, Settings, SettingsError, read_served

CONFIG = """
repositories:
  acme/shop:
    id: 7
    modules: {shop: {environments: {prod: {url: "env:SHOP_PROD_URL"}}}}
  acme/*: {}
defaults: {}
"""


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "server.yml").write_text(CONFIG)
    (tmp_path / "secret").write_text("from-a-file\n")
    return {
        "SCHEMAGATE_CONFIG": str(tmp_path / "server.yml"),
        "SCHEMAGATE_WEBHOOK_SECRET": f"file:{tmp_path / 'secret'}",
        "SCHEMAGATE_STATE_URL": "sqlite:///state.db",
        "SCHEMAGATE_PRIVATE_KEY": "canary-key",
        "SHOP_PROD_URL": "postgresql://app:canary@db/shop",
    }


def test_a_secret_may_stand_in_a_file(environment):
    assert Settings.from_env(environment).webhook_secret == "from-a-file"


def test_nothing_but_names_and_ids_is_read_from_the_config(environment):
    settings = Settings.from_env(environment)
    assert settings.repositories == (Served("acme/shop", 7), Served("acme/*", 0))
    words = [settings.webhook_secret, settings.redis_url, settings.state_url, str(settings.repositories)]
    assert not any("canary" in word or "SHOP_PROD" in word for word in words)


def test_a_settings_value_prints_no_secret(environment):
    assert "from-a-file" not in repr(Settings.from_env(environment))


@pytest.mark.parametrize("name", ["SCHEMAGATE_CONFIG", "SCHEMAGATE_WEBHOOK_SECRET", "SCHEMAGATE_STATE_URL"])
def test_what_is_missing_is_named(environment, name):
    del environment[name]
    with pytest.raises(SettingsError, match=name):
        Settings.from_env(environment)


def test_the_state_stands_in_the_data_directory_by_default(environment, tmp_path):
    del environment["SCHEMAGATE_STATE_URL"]
    settings = Settings.from_env({**environment, "SCHEMAGATE_DATA_DIR": str(tmp_path)})
    assert settings.state_url == f"sqlite:///{tmp_path}/state.db"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "repositories: {}",
        "repositories: {shop: {}}",
        "repositories: {a/b: {id: x}}",
        "{",
        "repositories: {a/b: {id: -1}}",
    ],
)
def test_a_config_without_repositories_is_refused(text):
    with pytest.raises(SettingsError):
        read_served(text)


def test_a_pinned_id_decides_alone():
    pinned = Served("acme/shop", 7)
    assert pinned.covers(7, "acme/renamed")
    assert not pinned.covers(8, "acme/shop")


def test_a_name_without_id_is_compared_as_github_does():
    assert Served("Acme/Shop").covers(8, "acme/shop")
    assert Served("acme/*").covers(8, "acme/other")
    assert not Served("acme/*").covers(8, "acmeother/x")
