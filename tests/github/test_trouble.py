"""GitHub in trouble: nothing is written twice, waiting is left to the queue, and every failure comes with advice."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from deploy.demo.github.access import key_pair
from tests.github.hosted import Hosted
from workers.core.errors import ExpectedError, InterruptedWorkError
from workers.core.refusals import RefusalCode
from workers.github.client import UnsureError
from workers.github.host import GithubHost
from workers.github.permissions import APP, ENDPOINTS, permissions
from workers.ports import Check, CheckState, CommitFile, DeploymentState, Reaction, Repository

FILES = (CommitFile("w.md", "x"),)
CHECK = Check(name="schemagate", state=CheckState.SUCCESS, title="t", summary="s")


@pytest.fixture
def pull(hosted: Hosted, host: GithubHost, shop: Repository) -> Any:
    """An open pull; the token is fetched before any fault strikes."""
    hosted.github.world.push(hosted.shop, hosted.bob, "feature", {"versions/b.py": "b"})
    found = hosted.github.world.open_pull(hosted.shop, hosted.bob, head="feature")
    host.pull(shop, found.number)
    return found


def test_a_comment_whose_answer_was_lost_is_found_and_not_sent_again(
    hosted: Hosted, host: GithubHost, shop: Repository, pull: Any
) -> None:
    hosted.github.faults.fail_after_write = 1
    posted = host.post_comment(shop, pull.number, "report\n<!-- schemagate -->")
    (only,) = hosted.github.world.comments(pull)
    assert posted.id == only.id


def test_a_comment_that_was_not_written_is_said_to_have_failed(
    hosted: Hosted, host: GithubHost, shop: Repository, pull: Any
) -> None:
    host.post_comment(shop, pull.number, "another")
    hosted.github.faults.fail_before = 1
    with pytest.raises(UnsureError) as caught:
        host.post_comment(shop, pull.number, "report")
    assert caught.value.advice
    assert len(hosted.github.world.comments(pull)) == 1


def test_a_persons_comment_of_the_same_words_is_not_taken_for_ours(
    hosted: Hosted, host: GithubHost, shop: Repository, pull: Any
) -> None:
    hosted.github.world.comment(pull, hosted.alice, "report")
    hosted.github.faults.fail_before = 1
    with pytest.raises(UnsureError):
        host.post_comment(shop, pull.number, "report")


def test_an_edit_whose_answer_was_lost_is_an_edit(
    hosted: Hosted, host: GithubHost, shop: Repository, pull: Any
) -> None:
    posted = host.post_comment(shop, pull.number, "one")
    hosted.github.faults.fail_after_write = 1
    host.edit_comment(shop, posted.id, "two")
    hosted.github.faults.fail_before = 1
    with pytest.raises(UnsureError):
        host.edit_comment(shop, posted.id, "three")
    assert [comment.body for comment in hosted.github.world.comments(pull)] == ["two"]


def test_a_check_run_whose_answer_was_lost_is_found(
    hosted: Hosted, host: GithubHost, shop: Repository, pull: Any
) -> None:
    hosted.github.faults.fail_after_write = 1
    run = host.set_check(shop, pull.head_sha, CHECK)
    assert [item.id for item in hosted.github.world.check_runs(hosted.shop, pull.head_sha)] == [run]


def test_a_deployment_whose_answer_was_lost_is_found(
    hosted: Hosted, host: GithubHost, shop: Repository, pull: Any
) -> None:
    first = host.create_deployment(shop, pull.head_sha, "prod")
    hosted.github.faults.fail_after_write = 1
    second = host.create_deployment(shop, pull.head_sha, "prod")
    assert first != second
    assert set(hosted.github.hub.state.deployments) == {first, second}
    hosted.github.faults.fail_before = 0
    host.set_deployment(shop, second, DeploymentState.SUCCESS, "")


def test_a_pull_of_ours_whose_answer_was_lost_is_found(
    hosted: Hosted, host: GithubHost, shop: Repository, pull: Any
) -> None:
    hosted.github.world.push(hosted.shop, hosted.bob, "schemagate/w", {"w": "1"})
    hosted.github.faults.fail_after_write = 1
    number = host.open_pull(shop, "Workdocs", "", "schemagate/w", "main")
    assert {item.number for item in host.open_pulls(shop)} == {pull.number, number}


def test_a_branch_that_was_moved_without_an_answer_was_moved(
    hosted: Hosted, host: GithubHost, shop: Repository, pull: Any
) -> None:
    calls = _count_writes(host)
    calls.fail_at = "PATCH"
    made = host.commit_files(shop, "feature", pull.head_sha, "Add workdocs", FILES)
    assert hosted.tip("feature") == made
    assert [verb for verb, _ in calls.made] == ["POST", "POST", "PATCH"]


def test_a_commit_that_was_lost_on_the_way_moves_nothing(
    hosted: Hosted, host: GithubHost, shop: Repository, pull: Any
) -> None:
    hosted.github.faults.fail_after_write = 1
    with pytest.raises(UnsureError):
        host.commit_files(shop, "feature", pull.head_sha, "Add workdocs", FILES)
    assert hosted.tip("feature") == pull.head_sha


def test_reads_are_asked_again_and_writes_are_not(
    hosted: Hosted, host: GithubHost, shop: Repository, pull: Any
) -> None:
    hosted.github.faults.fail_before = 3
    assert host.pull(shop, pull.number).open
    comment = hosted.github.world.comment(pull, hosted.alice, "/plan")
    hosted.github.faults.fail_before = 1
    with pytest.raises(UnsureError):
        host.react(shop, comment.id, Reaction.SEEN)
    assert comment.reactions == []


def test_reads_are_not_asked_for_ever(hosted: Hosted, host: GithubHost, shop: Repository, pull: Any) -> None:
    hosted.github.faults.fail_before = 50
    with pytest.raises(ExpectedError, match="502") as caught:
        host.pull(shop, pull.number)
    assert hosted.github.faults.fail_before == 46
    assert caught.value.advice


@pytest.mark.parametrize(
    ("fault", "at_least", "at_most"),
    [("rate_limit", 1, 2), ("secondary_limit", 1, 1), ("secondary_limit_bare", 60, 60), ("too_many", 1, 1)],
)
@pytest.mark.parametrize("write", [False, True])
def test_a_limit_is_left_to_the_queue(
    hosted: Hosted,
    host: GithubHost,
    shop: Repository,
    pull: Any,
    fault: str,
    at_least: float,
    at_most: float,
    write: bool,
) -> None:
    setattr(hosted.github.faults, fault, 1)
    ask: Callable[[], object] = (
        (lambda: host.post_comment(shop, pull.number, "x")) if write else (lambda: host.pull(shop, pull.number))
    )
    with pytest.raises(InterruptedWorkError) as caught:
        ask()
    assert at_least <= caught.value.after <= at_most
    assert not hosted.github.world.comments(pull)
    ask()


@pytest.mark.parametrize("write", [False, True])
def test_an_expired_token_is_replaced_once(
    hosted: Hosted, host: GithubHost, shop: Repository, pull: Any, write: bool
) -> None:
    hosted.github.world.expire_tokens()
    if write:
        host.post_comment(shop, pull.number, "x")
        assert len(hosted.github.world.comments(pull)) == 1
    assert host.pull(shop, pull.number).open


def test_a_token_that_is_never_accepted_is_said(hosted: Hosted, host: GithubHost, shop: Repository, pull: Any) -> None:
    hosted.github.faults.expired_token = 10
    with pytest.raises(ExpectedError) as caught:
        host.pull(shop, pull.number)
    assert caught.value.code is RefusalCode.NOT_CONFIGURED
    assert hosted.github.faults.expired_token == 8


def test_a_wrong_key_is_said(hosted: Hosted) -> None:
    _, hosted.app.public_key_pem = key_pair()
    with hosted.host() as host, pytest.raises(ExpectedError) as caught:
        host.repository(hosted.shop.id)
    assert caught.value.code is RefusalCode.NOT_CONFIGURED


def test_a_key_that_is_no_key_is_said_without_it(hosted: Hosted) -> None:
    hosted.app.private_key_pem = "-----BEGIN PRIVATE KEY-----\nc4nary\n-----END PRIVATE KEY-----\n"
    with hosted.host() as host, pytest.raises(ExpectedError) as caught:
        host.repository(hosted.shop.id)
    assert caught.value.code is RefusalCode.NOT_CONFIGURED
    assert "c4nary" not in caught.value.message + caught.value.advice


def test_an_old_token_is_not_handed_out(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    first = host.token(shop)
    assert host.token(shop) == first
    key = (shop.installation, shop.id)
    host.session._tokens[key] = (first, host.session._tokens[key][1] - 3_001)
    assert host.token(shop) != first


def test_a_missing_permission_is_refused_in_githubs_words(
    hosted: Hosted, host: GithubHost, shop: Repository, pull: Any
) -> None:
    hosted.installation.permissions["pull_requests"] = "read"
    hosted.github.world.expire_tokens()
    with pytest.raises(ExpectedError, match="403") as caught:
        host.post_comment(shop, pull.number, "x")
    assert "permission" in caught.value.advice


def test_without_the_right_to_see_members_nobody_is_taken_for_one(
    hosted: Hosted, host: GithubHost, shop: Repository
) -> None:
    del hosted.installation.permissions["members"]
    with pytest.raises(ExpectedError):
        host.person(shop, hosted.bob.id, ("acme/dba",))
    assert host.person(shop, hosted.bob.id, ()).role


def test_a_github_that_cannot_be_reached_is_said_without_a_token(
    hosted: Hosted, host: GithubHost, shop: Repository, pull: Any
) -> None:
    token = host.token(shop)
    hosted.github.stop()
    with pytest.raises(ExpectedError) as caught:
        host.pull(shop, pull.number)
    assert token not in caught.value.message + caught.value.advice
    with pytest.raises(UnsureError):
        host.react(shop, 1, Reaction.SEEN)


def test_a_github_that_is_slow_is_not_waited_for(hosted: Hosted, shop: Repository) -> None:
    hosted.github.faults.slow = 0.5
    with hosted.host(timeout=0.1) as host, pytest.raises(ExpectedError):
        host.repository(hosted.shop.id)


def test_all_that_was_asked_is_in_the_list_and_within_the_permissions(
    hosted: Hosted, host: GithubHost, shop: Repository, pull: Any
) -> None:
    """One call of everything, with an App that has the listed permissions alone."""
    comment = host.post_comment(shop, pull.number, "x")
    host.edit_comment(shop, comment.id, "y")
    host.react(shop, comment.id, Reaction.SEEN)
    host.comments(shop, pull.number)
    host.comments_since(shop, "2026-01-01T00:00:00Z")
    host.comment(shop, comment.id)
    host.repository(shop.id)
    host.repositories(("acme/shop",))
    host.session.login()
    host.set_check(shop, pull.head_sha, CHECK)
    host.set_check(shop, pull.head_sha, CHECK)
    host.set_deployment(shop, host.create_deployment(shop, pull.head_sha, "prod"), DeploymentState.SUCCESS, "")
    hosted.github.world.create_team(hosted.acme, "dba", members=[hosted.bob])
    host.person(shop, hosted.bob.id, ("acme/dba",))
    host.open_pulls(shop)
    host.commit_authors(shop, pull.number)
    host.file(shop, pull.head_sha, "README.md")
    host.paths_changed(shop, hosted.tip(), pull.head_sha)
    host.create_branch(shop, "schemagate/w", hosted.tip())
    host.commit_files(shop, "schemagate/w", hosted.tip(), "m", (CommitFile("big", "x" * 200_000),))
    host.open_pull(shop, "t", "", "schemagate/w", "main")
    asked = {(item["method"], item["path"]) for item in hosted.exchanges() if item["status"] < 300}
    patterns = {item: re.compile(_PART.sub(_pattern, item.path)) for item in ENDPOINTS}
    unlisted = [
        call
        for call in asked
        if not any(item.method == call[0] and pattern.fullmatch(call[1]) for item, pattern in patterns.items())
    ]
    unused = [
        item
        for item, pattern in patterns.items()
        if not any(item.method == method and pattern.fullmatch(path) for method, path in asked)
    ]
    assert unlisted == []
    assert unused == []
    assert {name for name, _ in permissions()} == {
        item.permission for item in ENDPOINTS if item.permission not in {"", APP}
    }


_PART = re.compile(r"\{(\w+)\}")


def _pattern(part: re.Match[str]) -> str:
    return {"repo": "[^/]+/[^/]+", "path": ".+", "ref": ".+", "range": ".+"}.get(part[1], "[^/]+")


class _Writes:
    """Counts what is written; the answer to the first `fail_at` is lost after the work is done."""

    def __init__(self, send: Callable[..., Any]) -> None:
        self.send, self.made, self.fail_at = send, list[tuple[str, str]](), ""

    def __call__(self, endpoint: Any, *arguments: Any, **keywords: Any) -> Any:
        answer = self.send(endpoint, *arguments, **keywords)
        if endpoint.method != "GET" and endpoint.permission != APP:
            self.made.append((endpoint.method, endpoint.path))
            if endpoint.method == self.fail_at:
                raise UnsureError("GitHub failed", "again", RefusalCode.CHECKOUT_FAILED)
        return answer


def _count_writes(host: GithubHost) -> _Writes:
    counted = _Writes(host.session.client.send)
    host.session.client.send = counted  # type: ignore[method-assign]
    return counted
