"""The two configuration files, badly written: each fault is refused with its file, its line and what is allowed."""

from __future__ import annotations

import pytest

from tests.core.config_texts import (
    PATH,
    REPO,
    SERVER,
    merged,
    module_line,
    only,
    operator,
    policy,
    problems,
    repo_file,
    server_file,
)
from workers.core.refusals import Actor

WRONG_POLICY = {
    "approvals: 0": "whole number",
    "approvals: true": "whole number",
    "approvals: two": "whole number",
    "author_may_approve: yes": "true or false",
    'author_may_approve: "true"': "true or false",
    "approval_expires: 24": "duration",
    "approval_expires: 0h": "duration",
    "approval_expires: 1.5h": "duration",
    "lock_timeout: 3 s": "duration",
    "statement_timeout: -1s": "duration",
    "approve_needs_code: sometimes": "`sometimes`",
    "block_on_drift: true": "cannot be `true`",
    "destructive:": "cannot be nothing",
    "requires_applied: staging": "must be a list",
    "requires_applied: [a/b]": "cannot name an environment",
    "backup_statement: 7": "must be text",
    "backup_statement: []": "must be text",
    'apply_hours: "always"': "must read like",
    'apply_hours: "Mon-Thu 09:00-16:00 Mars/Olympus"': "no time zone",
    'apply_hours: "Mon-Thu 09:00-25:00 UTC"': "no time of day",
    'apply_hours: "Montag 09:00-16:00 UTC"': "no day",
    "filter: all": "must be a mapping",
    "filter: {modes: all}": "no key `modes`",
    "filter: {mode: some}": "`some`",
    "filter: {schemas: [public]}": "without `mode: explicit`",
    "filter: {mode: explicit}": "lists nothing",
    'ignore: [{object: "table:x"}]': "needs `object` and `reason`",
    'ignore: [{object: "public.tmp_*", reason: loader}]': "no pattern of objects",
    'ignore: [{object: "tables:public.tmp_*", reason: loader}]': "no pattern of objects",
    'ignore: [{object: "table:", reason: loader}]': "no pattern of objects",
    "shared_database: 1": "true or false",
}


@pytest.mark.parametrize("line", WRONG_POLICY)
def test_a_wrong_value_is_refused_with_file_line_and_what_is_allowed(line: str) -> None:
    found = only(repo_file(policy(line)))
    assert WRONG_POLICY[line] in found.message
    assert found.message.startswith(f"`{line.split(':', maxsplit=1)[0]}`")
    assert found.fix
    assert (found.path, found.line, found.actor) == (PATH, 8, Actor.AUTHOR)
    assert only(server_file(operator(line))).line == 10


@pytest.mark.parametrize(
    "entry", ["alice", "@", "@-a", "acme/DBA Team", "@acme/dba", "role:read", "role:owner", "role:", "maintain"]
)
def test_approvers_are_logins_team_slugs_and_roles_that_can_write(entry: str) -> None:
    found = only(repo_file(REPO.replace("@alice", entry)))
    assert "role:" in found.fix
    assert found.line == 7


@pytest.mark.parametrize("value", ["[]", '"@alice"', "from_repository", "{a: b}"])
def test_approvers_of_the_repository_are_a_list_of_at_least_one(value: str) -> None:
    assert only(repo_file(REPO.replace('["@alice"]', value))).line == 7


WRONG_MODULE = {
    "path: /etc": "inside the repository",
    "path: ../other": "inside the repository",
    "path: a//b": "inside the repository",
    "path: .git/hooks": "inside the repository",
    "path: 'a\\b'": "inside the repository",
    "source: django": "`django`",
    "strategy: yolo": "`yolo`",
    "strategy: push": "without a reason",
    "strategy: push\n    reason: a prototype\n    source: alembic": "Alembic",
    'task: "{number}/../x"': "cannot name a folder",
    'task: "Release {number}"': "cannot name a folder",
    "task: fixed": "cannot name a folder",
    "watch: services/**": "must be a list",
    "watch: [/abs/**]": "inside the repository",
    'watch: ["a[b"]': "is not a pattern",
    "workdocs_to: nowhere": "`nowhere`",
    "reason: because": "explains `strategy: push`",
    "alembic: alembic.ini": "must be a mapping",
    "alembic: {confg: alembic.ini}": "did you mean",
    "alembic: {url_variables: [1A]}": "environment variable",
    "alembic: {environment: {DEBUG: 1}}": "must be text",
    "alembic: {config: ../alembic.ini}": "inside the repository",
    "environment: {}": "no key `environment`",
}


@pytest.mark.parametrize("line", WRONG_MODULE)
def test_a_wrong_module_key_is_refused_on_its_line(line: str) -> None:
    found = only(repo_file(module_line(line)))
    assert WRONG_MODULE[line] in found.message + found.fix
    assert found.line == 5


@pytest.mark.parametrize("name", ["Shop", "shop_a", "-shop", "a" * 64, "shop/../x", "modules."])
def test_a_module_id_must_be_able_to_name_a_folder(name: str) -> None:
    assert "module id" in only(repo_file(REPO.replace("id: shop", f"id: {name!r}"))).message


def test_an_unknown_key_is_answered_with_the_nearest_one() -> None:
    found = only(repo_file(policy("aprovals: 2")))
    assert "did you mean `approvals`?" in found.fix
    assert found.line == 8


@pytest.mark.parametrize("line", ["url: env:X", "read_url: env:X", "scratch: env:X", "mode: report"])
def test_a_repository_cannot_name_a_target(line: str) -> None:
    assert "server config only" in only(repo_file(policy(line))).fix


def test_the_operator_is_told_which_keys_are_the_repositorys() -> None:
    found = only(server_file(SERVER.replace("        environments:", "        path: x\n        environments:")))
    assert "repository's own file" in found.fix


@pytest.mark.parametrize(
    "value",
    [
        "postgresql://app:c4nary-P4ss@db/shop",
        "c4nary-P4ss",
        "'env:'",
        "env:A B",
        "'file:'",
        "[env:c4nary-P4ss]",
        "env:1X",
    ],
)
def test_what_stands_in_place_of_a_reference_to_a_secret_is_never_repeated(value: str) -> None:
    found = only(server_file(SERVER.replace("env:SHOP_URL", value)))
    assert "c4nary-P4ss" not in found.message + found.fix
    assert "env:NAME" in found.fix
    assert found.line == 8


def test_a_secret_in_another_value_is_not_repeated_either() -> None:
    found = only(repo_file(policy("approvals: postgresql://app:c4nary-P4ss@db/shop")))
    assert "c4nary-P4ss" not in found.message


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("modules:\n  - id: shop\n", "version"),
        ("version: 1\n", "modules"),
        ("version: 2\nmodules:\n  - id: shop\n", "version"),
        ("version: true\nmodules:\n  - id: shop\n", "version"),
        ("version: 1\nmodules: []\n", "modules"),
        ("version: 1\nmodules: {id: shop}\n", "modules"),
        ("version: 1\nmodules:\n  - path: x\n", "id"),
        ("version: 1\nmodules:\n  - shop\n", "module"),
        ("- a\n", "mapping"),
    ],
)
def test_a_repository_file_without_its_bones_is_refused(text: str, missing: str) -> None:
    assert any(missing in item.message for item in problems(repo_file(text)))


def test_an_empty_repository_file_is_refused() -> None:
    assert {item.message for item in problems(repo_file(""))} == {
        "the file has no `version`",
        "the file has no `modules`",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SERVER.replace("acme/shop", "acme"), "no repository"),
        (SERVER.replace("  acme/shop:", '  "acme/..":'), "no repository"),
        (SERVER.replace("    modules:", "    id: x\n    modules:"), "whole number"),
        (SERVER.replace("            url: env:SHOP_URL\n", ""), "has no `url`"),
        (SERVER.replace("prod:", '"pr od":'), "environment"),
        (
            SERVER.replace("        environments:", "        python_environment: relative\n        environments:"),
            "absolute path",
        ),
        (SERVER + "  Acme/Shop: {modules: {}}\n", "stands twice"),
        ("repositories: []\n", "mapping"),
        (SERVER + "default: {}\n", "no key `default`"),
        (SERVER + "defaults: {approvalz: 1}\n", "no key `approvalz`"),
        (SERVER + "defaults: {url: env:X}\n", "no key `url`"),
        (SERVER + "defaults: {acme/*: 3}\n", "must be a mapping"),
        (SERVER + "defaults: {staging: {approvals: 1}}\n", "none has that name"),
        (SERVER + "defaults: {prod: {approvalz: 1}}\n", "no key `approvalz`"),
    ],
)
def test_a_wrong_server_file_is_refused(text: str, words: str) -> None:
    found = only(server_file(text))
    assert words in found.message
    assert (found.actor, found.path) == (Actor.OPERATOR, "server config")
    assert found.line


def test_every_fault_of_a_file_is_said_at_once() -> None:
    found = problems(repo_file(policy("approvals: 0\n        colour: red\n        destructive: perhaps")))
    assert [item.line for item in found] == [8, 9, 10]


def test_two_modules_of_one_id_are_refused() -> None:
    assert "stands twice" in only(repo_file(REPO + "  - id: shop\n    environments: {dev: }\n")).message


def test_a_module_that_only_the_operator_knows_is_refused() -> None:
    found = only(merged(server=SERVER.replace("      shop:", "      store:")))
    assert "`store`" in found.message
    assert "`shop`" in found.fix


def test_a_module_without_any_environment_is_refused() -> None:
    found = only(merged(REPO + "  - id: other\n"))
    assert "no environment" in found.message


def test_a_secret_that_became_a_key_is_not_repeated() -> None:
    found = only(repo_file(policy('"postgresql://app:c4nary-P4ss@db": 1')))
    assert "c4nary-P4ss" not in found.message + found.fix


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("requires_applied: [staging]", "there is none"),
        ("requires_applied: [prod]", "wait for each other"),
        ("requires_applied: [dev]\n      dev: {requires_applied: [prod]}", "wait for each other"),
    ],
)
def test_an_order_that_cannot_be_kept_is_refused(lines: str, words: str) -> None:
    found = problems(merged(policy(lines)))
    assert all(words in item.message for item in found)
    assert (found[0].path, found[0].line) == (PATH, 8)


@pytest.mark.parametrize("name", ["main*", "a b", "-x", "a..b", "x.lock", "refs~1", "a/"])
def test_branches_are_exact_names(name: str) -> None:
    assert only(repo_file(REPO.replace("modules:", f"branches: [{name!r}]\nmodules:"))).line == 3
