"""The two configuration files, well written: every key is read, and the operator's word and the repository's become one."""

from __future__ import annotations

from dataclasses import fields

import pytest

from tests.core.config_texts import (
    PATH,
    REPO,
    SERVER,
    configured,
    environment,
    merged,
    only,
    operator,
    policy,
    repo_file,
    server_file,
)
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
from workers.core.config_rules import merge
from workers.core.names import SourceKind
from workers.core.refusals import Actor


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
