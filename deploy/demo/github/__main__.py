"""Starts the stand-in as a process: `python -m deploy.demo.github --port 4000 --data DIR --webhook-url URL --webhook-secret-file FILE`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from deploy.demo.github.standin import StandIn


def main() -> int:
    """Serves until SIGINT or SIGTERM; the App's credentials are written into the data folder, readable by their owner alone."""
    parser = argparse.ArgumentParser(prog="deploy.demo.github", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 picks a free one")
    parser.add_argument("--data", type=Path, required=True, help="repositories and logs")
    parser.add_argument("--webhook-url", default="", help="where the App's events go")
    parser.add_argument("--webhook-secret-file", type=Path, help="a file that holds the webhook secret")
    options = parser.parse_args()
    secret = options.webhook_secret_file.read_text().strip() if options.webhook_secret_file else ""
    options.data.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    github = StandIn(options.data.resolve())
    github.start(options.port)
    try:
        print(json.dumps(_populate(github, options.webhook_url, secret)), flush=True)
        stop.wait()
    finally:
        github.stop()
    return 0


def _populate(github: StandIn, webhook_url: str, secret: str) -> dict[str, object]:
    """A small organization to play with: three people, one repository, the App installed on all of it."""
    world = github.world
    alice, bob, carol = (world.create_user(login) for login in ("alice", "bob", "carol"))
    acme = world.create_org("acme", admins=[alice], members=[bob], base_permission="read")
    repo = world.create_repo(acme, "shop", author=alice)
    world.add_collaborator(repo, bob, "write")
    world.add_collaborator(repo, carol, "read")
    app = world.create_app(acme, "schemagate", webhook_url=webhook_url, webhook_secret=secret)
    installation = world.install(app, acme)
    key = github.folder / "private-key.pem"
    key.touch(mode=0o600)
    key.write_text(app.private_key_pem)
    return {
        "server_url": github.server_url,
        "api_url": github.api_url,
        "app_id": app.id,
        "installation_id": installation.id,
        "private_key_file": str(key),
        "repository": repo.full_name,
    }


if __name__ == "__main__":
    sys.exit(main())
