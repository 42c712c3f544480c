"""The two configuration files: what each key may say, and how the operator's word and the repository's become one."""

from __future__ import annotations

from dataclasses import fields
from textwrap import dedent

import pytest

from workers.core.config import (
    AlembicSettings,
    Approver,
    ApproverKind,
    CodeRule,
    Configuration,
    DataRule,
    DestructiveRule,
    DriftRule,
    Environment,
    Mode,
    Module,
    Origin,
    PrismaSettings,
    SecretRef,
    WorkdocsTo,
)
from workers.core.config_files import RepoFile, ServerFile
from workers.core.config_keys import ALEMBIC, PRISMA, REPO_ENVIRONMENT, REPO_MODULE, SERVER_ENVIRONMENT, SERVER_MODULE
from workers.core.config_rules import merge, read_repository, read_server
from workers.core.names import SourceKind
from workers.core.refusals import Actor, Refusal, RefusalCode
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


def test_every_rule_of_an_environment_has_a_key_and_every_key_a_rule() -> None:
    rules = {field.name for field in fields(Environment)} - {"name", "origins", "approver_sets"} | {"approvers"}
    assert {key.name for key in SERVER_ENVIRONMENT} == rules
    assert {key.name for key in REPO_ENVIRONMENT} == rules - {"url", "read_url", "scratch", "mode"}
    assert all(key.stricter for key in SERVER_ENVIRONMENT if key.name != "approvers")


def test_every_setting_of_a_module_has_a_key() -> None:
    keys = {key.name for key in (*REPO_MODULE, *SERVER_MODULE)}
    assert keys == {field.name for field in fields(Module)}
    assert {key.name for key in ALEMBIC} == {field.name for field in fields(AlembicSettings)}
    assert {key.name for key in PRISMA} == {field.name for field in fields(PrismaSettings)}


def test_the_smallest_pair_of_files_gives_an_environment_with_both_lists_of_approvers() -> None:
    found = configured()
    assert (found.repository, found.branches, found.commit) == ("acme/shop", ("main",), "c" * 40)
    assert environment().url == SecretRef("env:SHOP_URL")
    assert environment().approver_sets == (
        (Approver(ApproverKind.TEAM, "acme/dba"),),
        (Approver(ApproverKind.USER, "alice"),),
    )


def test_every_key_of_the_repository_file_is_read() -> None:
    found = configured(
        """
        version: 1
        branches: [main, release/1.0]
        modules:
          - id: shop
            path: services/shop/
            source: alembic
            strategy: migrate
            task: "pr-{number}-{slug}-{environment}"
            watch: ["services/shop/models/**"]
            workdocs_to: branch
            alembic:
              {config: a.ini, section: main, requirements: r.txt, pythonpath: [src], url_variables: [DB_URL], environment: {A_KEY: dummy}}
            environments:
              staging: {approvers: ["role:write"]}
              prod:
                requires_applied: [staging]
                approvers: ["@alice", "acme/dba", "role:maintain"]
                approvals: 2
                author_may_approve: true
                approval_expires: 24h
                approve_needs_code: always
                filter: {mode: all}
                ignore: []
                shared_database: false
                blocks_merge: false
                block_on_drift: any
                destructive: refuse
                backup_statement: "point-in-time recovery, 7 days"
                data_dependent: refuse
                lock_timeout: 5s
                statement_timeout: 15min
                apply_hours: "Mon-Thu 09:00-16:00 Europe/Berlin"
        """
    )
    module = found.modules[0]
    prod = module.environment("prod")
    assert prod is not None
    assert found.branches == ("main", "release/1.0")
    assert (module.path, module.source, module.workdocs_to) == ("services/shop", SourceKind.ALEMBIC, WorkdocsTo.BRANCH)
    assert module.alembic == AlembicSettings(
        config="a.ini",
        section="main",
        requirements="r.txt",
        pythonpath=("src",),
        url_variables=("DB_URL",),
        environment=(("A_KEY", "dummy"),),
    )
    assert (prod.approvals, prod.author_may_approve, prod.approval_expires, prod.approve_needs_code) == (
        2,
        True,
        86400,
        CodeRule.ALWAYS,
    )
    assert (prod.blocks_merge, prod.block_on_drift, prod.destructive) == (False, DriftRule.ANY, DestructiveRule.REFUSE)
    assert (prod.data_dependent, prod.lock_timeout, prod.statement_timeout) == (DataRule.REFUSE, 5.0, 900.0)
    assert (prod.requires_applied, prod.apply_hours) == (("staging",), ("Mon-Thu 09:00-16:00 Europe/Berlin",))
    assert prod.backup_statement == "point-in-time recovery, 7 days"


def test_every_key_of_the_server_file_is_read() -> None:
    server = server_file(
        """
        repositories:
          acme/shop:
            id: 123456
            modules:
              shop:
                python_environment: /srv/shop
                environments:
                  prod:
                    url: env:SHOP_PROD_URL
                    read_url: file:/run/secrets/read
                    scratch: env:SHOP_SCRATCH_URL
                    approvers: from_repository
                    mode: report
        """
    )
    assert isinstance(server, ServerFile)
    served, repo = server.repository("Acme/Shop"), repo_file(REPO)
    assert served is not None
    assert isinstance(repo, RepoFile)
    found = merge(served, repo, "main", "")
    assert isinstance(found, Configuration)
    prod = found.modules[0].environments[0]
    assert (found.repository_id, found.modules[0].python_environment) == (123456, "/srv/shop")
    assert (prod.read_url, prod.scratch, prod.mode) == (
        SecretRef("file:/run/secrets/read"),
        SecretRef("env:SHOP_SCRATCH_URL"),
        Mode.REPORT,
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "attribute", "expected"),
    [
        ("approvals: 2", "approvals: 1", "approvals", 2),
        ("approvals: 1", "approvals: 3", "approvals", 3),
        ("author_may_approve: false", "author_may_approve: true", "author_may_approve", False),
        ("author_may_approve: true", "author_may_approve: false", "author_may_approve", False),
        ("approval_expires: 2d", "approval_expires: 24h", "approval_expires", 86400),
        ("lock_timeout: 1s", "lock_timeout: 5s", "lock_timeout", 1.0),
        ("statement_timeout: 1h", "statement_timeout: 5min", "statement_timeout", 300.0),
        ("destructive: refuse", "destructive: needs_word", "destructive", DestructiveRule.REFUSE),
        ("destructive: needs_word", "destructive: refuse", "destructive", DestructiveRule.REFUSE),
        ("block_on_drift: touched", "block_on_drift: never", "block_on_drift", DriftRule.TOUCHED),
        ("block_on_drift: never", "block_on_drift: any", "block_on_drift", DriftRule.ANY),
        ("data_dependent: refuse", "data_dependent: empty_tables", "data_dependent", DataRule.REFUSE),
        ("approve_needs_code: unless_additive", "approve_needs_code: always", "approve_needs_code", CodeRule.ALWAYS),
        ("blocks_merge: true", "blocks_merge: false", "blocks_merge", True),
        ("blocks_merge: false", "blocks_merge: true", "blocks_merge", True),
        ("backup_statement: nightly", "backup_statement: replica", "backup_statement", "nightly; replica"),
        (
            'apply_hours: "Mon-Fri 09:00-16:00 UTC"',
            'apply_hours: "Mon 08:00-12:00 UTC"',
            "apply_hours",
            ("Mon-Fri 09:00-16:00 UTC", "Mon 08:00-12:00 UTC"),
        ),
    ],
)
def test_of_two_words_on_one_rule_the_stricter_counts(ours: str, theirs: str, attribute: str, expected: object) -> None:
    assert getattr(environment(policy(theirs), operator(ours)), attribute) == expected


@pytest.mark.parametrize(
    "line", ["approvals: 2", "author_may_approve: true", "approval_expires: 1h", "destructive: refuse"]
)
def test_a_rule_that_one_file_states_counts_whichever_it_is(line: str) -> None:
    key = line.split(":", maxsplit=1)[0]
    plain = getattr(environment(), key)
    assert getattr(environment(policy(line)), key) == getattr(environment(server=operator(line)), key) != plain


def test_each_value_says_where_it_was_written() -> None:
    origins = environment(policy("approvals: 2"), operator("lock_timeout: 1s")).origins
    assert Origin("approvals", PATH, 8) in origins
    assert Origin("lock_timeout", "server config", 10) in origins
    assert Origin("url", "server config", 8) in origins


def test_an_environment_without_a_server_entry_has_no_target_and_needs_no_approvers() -> None:
    found = environment(REPO + "      dev: {}\n", name="dev")
    assert found.url is None
    assert found.approver_sets == ()


def test_an_environment_that_only_the_operator_names_is_served() -> None:
    server = operator('  x: {url: "env:X", approvers: ["@bob"]}').replace("              x:", "          x:")
    assert environment(server=server, name="x").approver_sets == ((Approver(ApproverKind.USER, "bob"),),)


def test_a_writing_url_without_approvers_beside_it_is_refused_whatever_the_repository_says() -> None:
    found = only(merged(server=SERVER.replace('            approvers: ["acme/dba"]\n', "")))
    assert (found.actor, found.path, found.line) == (Actor.OPERATOR, "server config", 7)
    assert "from_repository" in found.fix


def test_the_operator_may_leave_the_approvers_to_the_repository() -> None:
    server = SERVER.replace('["acme/dba"]', "from_repository")
    assert environment(server=server).approver_sets == ((Approver(ApproverKind.USER, "alice"),),)
    found = only(merged(REPO.replace('        approvers: ["@alice"]\n', ""), server))
    assert (found.actor, found.path, found.line) == (Actor.AUTHOR, PATH, 6)


def test_a_watched_environment_needs_no_approvers() -> None:
    assert environment(server=SERVER.replace('approvers: ["acme/dba"]', "mode: report")).mode is Mode.REPORT


def test_defaults_lie_under_every_environment_and_the_nearest_word_wins() -> None:
    defaults = "defaults:\n  approvals: 2\n  lock_timeout: 9s\n  acme/*: {lock_timeout: 2s, scratch: env:S}\n  other/*: {approvals: 9}\n"
    found = environment(server=defaults + SERVER)
    assert (found.approvals, found.lock_timeout, found.scratch) == (2, 2.0, SecretRef("env:S"))
    assert environment(server=defaults + operator("lock_timeout: 1s")).lock_timeout == 1.0
    assert environment(server=defaults + "  prod: {approvals: 4}\n  st*: {approvals: 5}\n" + SERVER).approvals == 4
    assert environment(policy("approvals: 3"), defaults + SERVER).approvals == 3


@pytest.mark.parametrize(
    "line",
    [
        "filter: {mode: exclude-extensions}",
        "filter: {mode: explicit, schemas: [public]}",
        'ignore: [{object: "table:public.tmp_*", reason: loader}]',
        'ignore: [{object: "*:public.tmp_*", reason: loader}]',
        "shared_database: true",
    ],
)
def test_what_is_compared_may_be_said_in_both_files(line: str) -> None:
    assert isinstance(repo_file(policy(line)), RepoFile)
    assert isinstance(server_file(operator(line)), ServerFile)


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
