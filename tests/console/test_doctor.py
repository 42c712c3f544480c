"""`doctor` looks at everything that the service needs, and says what to do about what is missing."""

from __future__ import annotations

import pytest

from deploy.demo.github import StandIn

CANARY = "canary-4711"
SERVER = (
    'repositories: {acme/shop: {modules: {shop: {environments: {prod: {url: "env:SHOP_URL", approvers: ["@bob"]}}}}}}\n'
)


@pytest.fixture
def github(data_dir):
    made = StandIn(folder=data_dir / "github")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def told(github, data_dir):
    """A complete environment, against the stand-in."""
    world = github.world
    acme = world.create_org("acme", admins=[world.create_user("carol", email="carol@example.com")])
    world.create_repo(acme, "shop", files={"README.md": "# shop\n"})
    app = world.create_app(acme, "schemagate", webhook_url="", webhook_secret=CANARY)
    world.install(app, acme)
    (data_dir / "server.yml").write_text(SERVER)
    return {
        "SCHEMAGATE_APP_ID": str(app.id),
        "SCHEMAGATE_PRIVATE_KEY": app.private_key_pem,
        "SCHEMAGATE_WEBHOOK_SECRET": CANARY,
        "SCHEMAGATE_GITHUB_API_URL": github.api_url,
        "SCHEMAGATE_CONFIG": str(data_dir / "server.yml"),
        "SHOP_URL": f"postgresql://app:{CANARY}@db/shop",
    }


def lines(ran):
    assert CANARY not in ran.stdout + ran.stderr
    return {line[2:].split("  ")[0].strip(): line for line in ran.stdout.splitlines() if line[:1] in "✓✗"}


def test_a_machine_that_has_everything_is_told_so(command, told, data_dir):
    ran = command("doctor", **told)
    found = lines(ran)
    assert ran.returncode == 0, ran.stdout
    assert [line for line in found.values() if line.startswith("✗")] == []
    assert found["sandbox"].partition("probes: ")[2].count(", ") > 5
    assert "has every permission that is used" in found["GitHub App"]
    assert found["GitHub App"].endswith("is installed on 1 of 1")
    assert ran.stdout.endswith("everything is here\n")
    assert list((data_dir / "data").glob("*.key")) == []


def test_without_settings_the_machine_is_looked_at_all_the_same(command):
    ran = command("doctor")
    found = lines(ran)
    assert ran.returncode == 1
    assert found["git"].startswith("✓")
    assert "set SCHEMAGATE_CONFIG" in found["settings"]
    assert ran.stdout.endswith("1 to mend\n")


def test_each_thing_that_is_missing_is_named_with_the_way_forward(command, told):
    ran = command(
        "doctor",
        **told
        | {
            "SHOP_URL": "",
            "SCHEMAGATE_WEBHOOK_SECRET": "",
            "SCHEMAGATE_REDIS_URL": f"redis://:{CANARY}@127.0.0.1:1/0",
            "SCHEMAGATE_STATE_URL": f"postgresql://app:{CANARY}@127.0.0.1:1/state",
            "SCHEMAGATE_GITHUB_API_URL": "http://127.0.0.1:1/api/v3",
        },
    )
    found = lines(ran)
    assert ran.returncode == 1
    bad = {name for name, line in found.items() if line.startswith("✗")}
    assert bad == {"webhook secret", "server config", "state", "Redis", "GitHub App"}
    assert "env:SHOP_URL holds no value" in found["server config"]


def test_permissions_that_the_app_lacks_are_listed(command, told, github):
    app = next(iter(github.world.state.apps.values()))
    app.permissions["contents"] = "read"
    del app.permissions["deployments"]
    ran = command("doctor", **told)
    assert ran.returncode == 1
    assert "it lacks contents: write, deployments: write: grant that in its settings" in lines(ran)["GitHub App"]


def test_a_repository_without_the_app_is_named(command, told, data_dir):
    (data_dir / "server.yml").write_text(SERVER.replace("acme/shop", "acme/other"))
    assert "it is not installed on acme/other: install it there" in lines(command("doctor", **told))["GitHub App"]
