"""The smallest pair of configuration files, with one line more where a test wants one, and what reading them gives."""

from __future__ import annotations

from textwrap import dedent

from workers.core.config import (
    Configuration,
    Environment,
)
from workers.core.config_files import RepoFile, ServerFile
from workers.core.config_rules import merge, read_repository, read_server
from workers.core.refusals import Refusal, RefusalCode
from workers.reading import positions

PATH = ".github/schemagate.yml"
REPO = """
version: 1
modules:
  - id: shop
    environments:
      prod:
        approvers: ["@alice"]
"""
SERVER = """
repositories:
  acme/shop:
    modules:
      shop:
        environments:
          prod:
            url: env:SHOP_URL
            approvers: ["acme/dba"]
"""


def repo_file(text: str) -> RepoFile | tuple[Refusal, ...]:
    node = positions.read(dedent(text).encode(), PATH)
    assert not isinstance(node, Refusal), node
    return read_repository(node, PATH)


def server_file(text: str) -> ServerFile | tuple[Refusal, ...]:
    node = positions.read(dedent(text).encode(), "server.yml")
    assert not isinstance(node, Refusal), node
    return read_server(node)


def merged(repo: str = REPO, server: str = SERVER) -> Configuration | tuple[Refusal, ...]:
    ours, theirs = server_file(server), repo_file(repo)
    assert isinstance(ours, ServerFile), ours
    assert isinstance(theirs, RepoFile), theirs
    served = ours.repository("acme/shop")
    assert served is not None
    return merge(served, theirs, "main", "c" * 40)


def configured(repo: str = REPO, server: str = SERVER) -> Configuration:
    found = merged(repo, server)
    assert isinstance(found, Configuration), found
    return found


def environment(repo: str = REPO, server: str = SERVER, name: str = "prod") -> Environment:
    module = configured(repo, server).module("shop")
    assert module is not None
    found = module.environment(name)
    assert found is not None
    return found


def policy(line: str) -> str:
    """The repository's file with one more line in prod (line 8)."""
    return REPO + f"        {line}\n"


def operator(line: str) -> str:
    """The server's file with one more line in prod (line 10)."""
    return SERVER + f"            {line}\n"


def module_line(line: str) -> str:
    """The repository's file with one more line in the module (line 5)."""
    return REPO.replace("- id: shop\n", f"- id: shop\n    {line}\n")


def problems(found: object) -> tuple[Refusal, ...]:
    assert isinstance(found, tuple), found
    assert all(item.code is RefusalCode.CONFIG_INVALID for item in found)
    return found


def only(found: object) -> Refusal:
    items = problems(found)
    assert len(items) == 1, items
    return items[0]
