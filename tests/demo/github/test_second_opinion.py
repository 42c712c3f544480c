"""A client that others wrote, with models that others wrote, reads what the stand-in answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from githubkit import AppAuthStrategy, GitHub
from githubkit.webhooks import parse

from tests.demo.github.conftest import Acme

Client = Any  # the overloads of the generated client do not take keywords from a dict


@pytest.fixture
def client(acme: Acme) -> Iterator[Client]:
    app = GitHub(AppAuthStrategy(str(acme.app.id), acme.app.private_key_pem), base_url=acme.github.api_url, timeout=10)
    assert app.rest.apps.get_authenticated().parsed_data is not None
    with app.with_auth(app.auth.as_installation(acme.installation.id)) as installed:
        yield installed


def test_githubkit_reads_a_pull_and_all_about_it(acme: Acme, client: Client):
    number = acme.pull().number
    acme.world.comment(acme.github.hub.state.pull(acme.repo, number), acme.carol, "hello")
    at: Any = {"owner": "acme", "repo": "shop"}
    assert client.rest.repos.get(**at).parsed_data.default_branch == "main"
    pull = client.rest.pulls.get(**at, pull_number=number).parsed_data
    assert (pull.title, pull.mergeable) == ("Add b", True)
    assert client.rest.pulls.list_files(**at, pull_number=number).parsed_data[0].filename == "b.txt"
    assert client.rest.pulls.list_commits(**at, pull_number=number).parsed_data[0].sha == pull.head.sha
    assert client.rest.issues.list_comments(**at, issue_number=number).parsed_data[0].body == "hello"
    assert client.rest.repos.get_collaborator_permission_level(**at, username="bob").parsed_data.role_name == "write"
    assert client.rest.repos.compare_commits(**at, basehead="main...feature").parsed_data.ahead_by == 1
    assert client.rest.repos.get_content(**at, path="a.txt").parsed_data is not None
    assert client.rest.git.get_tree(**at, tree_sha="main", recursive="1").parsed_data.truncated is False


def test_githubkit_writes_comments_checks_commits_and_deployments(acme: Acme, client: Client):
    number = acme.pull().number
    at: Any = {"owner": "acme", "repo": "shop"}
    comment = client.rest.issues.create_comment(**at, issue_number=number, body="report").parsed_data
    client.rest.issues.update_comment(**at, comment_id=comment.id, body="report 2")
    assert (
        client.rest.reactions.create_for_issue_comment(**at, comment_id=comment.id, content="eyes").parsed_data.content
        == "eyes"
    )
    sha = client.rest.git.get_ref(**at, ref="heads/feature").parsed_data.object_.sha
    run = client.rest.checks.create(**at, data={"name": "gate", "head_sha": sha, "status": "in_progress"}).parsed_data
    client.rest.checks.update(
        **at,
        check_run_id=run.id,
        data={"status": "completed", "conclusion": "success", "output": {"title": "t", "summary": "s"}},
    )
    assert client.rest.checks.list_for_ref(**at, ref=sha).parsed_data.check_runs[0].conclusion == "success"
    blob = client.rest.git.create_blob(**at, content="x").parsed_data
    tree = client.rest.git.create_tree(
        **at, base_tree=sha, tree=[{"path": "x", "mode": "100644", "type": "blob", "sha": blob.sha}]
    ).parsed_data
    commit = client.rest.git.create_commit(**at, message="Add x", tree=tree.sha, parents=[sha]).parsed_data
    client.rest.git.update_ref(**at, ref="heads/feature", sha=commit.sha)
    assert commit.verification.verified is True
    made = client.rest.repos.create_deployment(
        **at, ref=commit.sha, auto_merge=False, required_contexts=[], environment="prod"
    ).parsed_data
    client.rest.repos.create_deployment_status(**at, deployment_id=made.id, state="success")


def test_githubkit_reads_every_event_of_a_pulls_life(acme: Acme):
    pull = acme.pull()
    comment = acme.world.comment(pull, acme.carol, "first")
    acme.world.edit_comment(comment, acme.carol, "second")
    acme.world.push(acme.repo, acme.bob, "feature", {"c.txt": "3\n"})
    run = acme.world.run_check(acme.repo, acme.app, pull.head_sha, "gate", None)
    acme.world.rerequest_run(run, acme.bob)
    acme.world.merge(pull, acme.alice)
    assert acme.world.wait_idle()
    sent = [d for d in acme.github.hub.state.deliveries.values() if d.app is acme.app]
    assert {d.event for d in sent} >= {
        "ping",
        "installation",
        "push",
        "pull_request",
        "issue_comment",
        "check_run",
        "check_suite",
    }
    for delivery in sent:
        event = parse(delivery.event, delivery.body)
        assert getattr(event, "action", None) == json.loads(delivery.body).get("action")
