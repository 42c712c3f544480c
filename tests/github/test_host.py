"""GitHub as the jobs see it, against the stand-in over real sockets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.github.hosted import Hosted
from workers.core.approval import Role
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.github.answers import Answer
from workers.github.host import GithubHost
from workers.github.permissions import APP, ENDPOINTS
from workers.ports import Annotation, Check, CheckState, CommitFile, DeploymentState, Reaction, Repository


def opened(hosted: Hosted, branch: str = "feature", **files: str) -> Any:
    hosted.github.world.push(hosted.shop, hosted.bob, branch, files or {"versions/b.py": "revision = 'b'\n"})
    return hosted.github.world.open_pull(hosted.shop, hosted.bob, head=branch, title="Add b")


def check(**changed: Any) -> Check:
    return Check(
        **{"name": "schemagate", "state": CheckState.SUCCESS, "title": "Ready", "summary": "All is well.", **changed}
    )


def notes(count: int) -> tuple[Annotation, ...]:
    return tuple(
        Annotation(path="versions/b.py", line=number + 1, level="warning", title="t", message=f"note {number}")
        for number in range(count)
    )


# --- repositories


def test_a_repository_is_found_by_its_id(hosted: Hosted, host: GithubHost) -> None:
    assert host.repository(hosted.shop.id) == hosted.repository


def test_a_repository_is_found_among_several_installations(hosted: Hosted, host: GithubHost) -> None:
    world = hosted.github.world
    other = world.create_org("other", admins=[hosted.alice])
    tools, hidden = world.create_repo(other, "tools"), world.create_repo(other, "hidden")
    world.install(hosted.app, other, [tools])
    assert host.repository(tools.id).full_name == "other/tools"
    with pytest.raises(ExpectedError) as caught:
        host.repository(hidden.id)
    assert caught.value.code is RefusalCode.NOT_CONFIGURED


def test_a_suspended_installation_is_no_installation(hosted: Hosted, host: GithubHost) -> None:
    hosted.github.world.suspend(hosted.installation)
    with pytest.raises(ExpectedError) as caught:
        host.repository(hosted.shop.id)
    assert caught.value.code is RefusalCode.NOT_CONFIGURED


def test_repositories_are_found_by_name_where_the_app_is_installed(hosted: Hosted, host: GithubHost) -> None:
    assert host.repositories(("acme/shop", "acme/nothing", "nobody/x")) == (hosted.repository,)


def test_a_token_reaches_one_repository_only(hosted: Hosted, host: GithubHost) -> None:
    tools = hosted.github.world.create_repo(hosted.acme, "tools")
    host.repository(hosted.shop.id)
    stranger = Repository(
        id=hosted.shop.id, full_name="acme/tools", default_branch="main", installation=hosted.installation.id
    )
    assert host.repository(tools.id).full_name == "acme/tools"
    with pytest.raises(ExpectedError):
        host.open_pulls(stranger)


def test_the_tip_of_a_branch_is_read_now(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    hosted.github.world.push(hosted.shop, hosted.bob, "a/b", {"x": "1"})
    assert host.branch_tip(shop, "a/b") == hosted.tip("a/b")
    with pytest.raises(ExpectedError, match="no branch gone"):
        host.branch_tip(shop, "gone")


def test_a_file_is_read_at_a_commit(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    old = hosted.tip()
    new = hosted.github.world.push(
        hosted.shop, hosted.bob, "main", {".github/schemagate.yml": "version: 1\n", "ü #?/x": "é"}
    )
    assert host.file(shop, new, ".github/schemagate.yml") == b"version: 1\n"
    assert host.file(shop, new, "ü #?/x") == "é".encode()
    assert host.file(shop, old, ".github/schemagate.yml") is None
    assert host.file(shop, new, ".github") is None


def test_a_file_larger_than_github_hands_out_is_said(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    commit = hosted.github.world.push(hosted.shop, hosted.bob, "main", {"big": "x" * 1_100_000})
    with pytest.raises(ExpectedError) as caught:
        host.file(shop, commit, "big")
    assert caught.value.code is RefusalCode.TOO_LARGE


def test_changed_paths_are_counted_from_the_merge_base(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    pull = opened(hosted)
    base = hosted.github.world.push(hosted.shop, hosted.alice, "main", {"other": "1"})
    assert host.paths_changed(shop, base, pull.head_sha) == ("versions/b.py",)
    hosted.github.world.push(hosted.shop, hosted.alice, "release/1.0", {"other": "2"})
    assert host.paths_changed(shop, "release/1.0", pull.head_sha) == ("versions/b.py",)


def test_a_list_of_paths_that_github_cut_is_no_list(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    base = hosted.tip()
    head = hosted.github.world.push(hosted.shop, hosted.bob, "many", {f"f{number}": "x" for number in range(301)})
    assert host.paths_changed(shop, base, head) is None


# --- pulls


def test_a_pull_is_read_as_it_stands(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    pull = opened(hosted)
    found = host.pull(shop, pull.number)
    assert (found.open, found.merged, found.draft, found.fork) == (True, False, False, False)
    assert (found.base_branch, found.head_branch, found.head) == ("main", "feature", pull.head_sha)
    assert (found.author, found.author_login) == (hosted.bob.id, "bob")
    hosted.github.world.merge(pull, hosted.alice)
    after = host.pull(shop, pull.number)
    assert (after.open, after.merged) == (False, True)
    assert host.open_pulls(shop) == ()


def test_a_pull_that_was_opened_just_now_is_waited_for(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    hosted.github.faults.not_found_after_open = 2.0
    assert host.pull(shop, opened(hosted).number).open


def test_a_pull_that_never_comes_is_not_waited_for_long(hosted: Hosted, shop: Repository) -> None:
    with hosted.host(patience=0.2) as host, pytest.raises(ExpectedError):
        host.pull(shop, 99)


def test_a_pull_of_a_fork_that_is_gone_is_a_fork(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    hosted.github.faults.head_repo_null = True
    found = host.pull(shop, opened(hosted).number)
    assert found.head_repository is None
    assert found.fork


def test_commit_authors_are_those_whom_github_knows(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    pull = opened(hosted)
    found = host.commit_authors(shop, pull.number)
    assert found is not None
    assert [(item.author, item.author_login, item.parents) for item in found] == [(hosted.bob.id, "bob", 1)]


def test_a_pull_of_ours_is_opened_once(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    host.create_branch(shop, "schemagate/workdocs", hosted.tip())
    host.commit_files(shop, "schemagate/workdocs", hosted.tip(), "Add workdocs", (CommitFile("w.md", "x"),))
    number = host.open_pull(shop, "Workdocs", "Body", "schemagate/workdocs", "main")
    assert host.open_pull(shop, "Workdocs", "Body", "schemagate/workdocs", "main") == number
    assert len(host.open_pulls(shop)) == 1


# --- people


@pytest.mark.parametrize("role", ["read", "triage", "write", "maintain", "admin"])
def test_a_role_is_the_exact_one(hosted: Hosted, host: GithubHost, shop: Repository, role: str) -> None:
    carol = hosted.github.world.create_user("carol")
    hosted.github.world.add_collaborator(hosted.shop, carol, role)
    found = host.person(shop, carol.id, ())
    assert (found.login, found.role, found.is_person) == ("carol", Role(role), True)
    assert found.looked_up


def test_a_stranger_and_a_missing_account_have_no_role(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    stranger = hosted.github.world.create_user("stranger")
    assert host.person(shop, stranger.id, ()).role is Role.NONE
    missing = host.person(shop, 999_999, ())
    assert (missing.role, missing.is_person) == (Role.NONE, False)


def test_a_bot_is_no_person(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    assert not host.person(shop, hosted.app.bot.id, ()).is_person


def test_teams_are_those_with_an_active_membership(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    world = hosted.github.world
    world.create_team(hosted.acme, "dba", members=[hosted.bob])
    world.create_team(hosted.acme, "ops", members=[hosted.alice])
    pending = world.create_team(hosted.acme, "pending")
    world.add_team_member(pending, hosted.bob, state="pending")
    teams = ("acme/dba", "acme/ops", "acme/pending", "acme/none", "other/dba")
    assert host.person(shop, hosted.bob.id, teams).teams == ("acme/dba",)


def test_a_member_of_a_child_team_is_a_member(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    parent = hosted.github.world.create_team(hosted.acme, "dba")
    hosted.github.world.create_team(hosted.acme, "dba-emea", members=[hosted.bob], parent=parent)
    assert host.person(shop, hosted.bob.id, ("acme/dba",)).teams == ("acme/dba",)


@pytest.mark.parametrize("fault", ["fail_before", "rate_limit"])
def test_rights_that_cannot_be_looked_up_are_not_taken_for_any(
    hosted: Hosted, host: GithubHost, shop: Repository, fault: str
) -> None:
    host.open_pulls(shop)
    setattr(hosted.github.faults, fault, 10)
    with pytest.raises(Exception, match="GitHub") as caught:
        host.person(shop, hosted.bob.id, ())
    assert type(caught.value).__module__.startswith("workers.")


# --- comments


def test_a_comment_is_written_read_and_replaced(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    pull = opened(hosted)
    posted = host.post_comment(shop, pull.number, "one\n<!-- schemagate -->")
    assert (posted.by_us, posted.edited, posted.body) == (True, False, "one\n<!-- schemagate -->")
    hosted.github.world.advance(2)
    host.edit_comment(shop, posted.id, "two")
    found = host.comment(shop, posted.id)
    assert found is not None
    assert (found.body, found.edited, found.by_us) == ("two", True, True)


def test_comments_of_people_are_not_ours(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    pull = opened(hosted)
    hosted.github.world.comment(pull, hosted.alice, "/approve prod")
    other = hosted.github.world.create_app(hosted.acme, "otherbot")
    host.post_comment(shop, pull.number, "report")
    found = host.comments(shop, pull.number)
    assert [(item.author_login, item.by_us) for item in found] == [("alice", False), ("schemagate[bot]", True)]
    assert other.id != hosted.app.id


@pytest.mark.parametrize(
    ("user", "app", "ours"),
    [
        ({"type": "Bot", "login": "schemagate[bot]"}, None, True),
        ({"type": "Bot", "login": "otherbot[bot]"}, None, False),
        ({"type": "User", "login": "alice"}, "own", False),
        ({"type": "Bot", "login": "otherbot[bot]"}, "other", False),
        (None, None, False),
    ],
)
def test_ours_is_what_our_own_account_wrote(
    hosted: Hosted, host: GithubHost, user: Any, app: str | None, ours: bool
) -> None:
    number = {None: None, "own": {"id": hosted.app.id}, "other": {"id": 1}}[app]
    assert host._by_us(Answer({"user": user, "performed_via_github_app": number})) is ours


def test_more_comments_than_a_page_are_all_read_in_order(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    pull = opened(hosted)
    for number in range(205):
        hosted.github.world.comment(pull, hosted.alice, str(number))
    assert [item.body for item in host.comments(shop, pull.number)] == [str(number) for number in range(205)]


def test_what_was_said_since_anywhere_is_found_with_its_pull(
    hosted: Hosted, host: GithubHost, shop: Repository
) -> None:
    pull, world = opened(hosted), hosted.github.world
    world.advance(-3600)
    world.comment(pull, hosted.alice, "old")
    old = world.comment(pull, hosted.alice, "also old")
    world.advance(3600)
    issue = world.open_issue(hosted.shop, hosted.alice, "An issue")
    world.comment(issue, hosted.alice, "new")
    world.edit_comment(old, hosted.alice, "old, edited")
    world.comment(pull, hosted.alice, "new, too")
    since = world.state.now().replace(microsecond=0) - timedelta(seconds=60)
    found = host.comments_since(shop, since.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert [(item.under, item.body, item.edited) for item in found] == [
        (pull.number, "old, edited", True),
        (issue.number, "new", False),
        (pull.number, "new, too", False),
    ]
    assert all(item.by_person for item in found)


def test_a_comment_that_is_gone_is_none_and_cannot_be_reacted_to(
    hosted: Hosted, host: GithubHost, shop: Repository
) -> None:
    assert host.comment(shop, 99) is None
    host.react(shop, 99, Reaction.SEEN)


def test_a_reaction_stands_once(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    comment = hosted.github.world.comment(opened(hosted), hosted.alice, "/plan")
    host.react(shop, comment.id, Reaction.SEEN)
    host.react(shop, comment.id, Reaction.SEEN)
    assert [item.content for item in comment.reactions] == ["eyes"]


def test_a_comment_longer_than_github_takes_is_not_sent(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    pull = opened(hosted)
    host.post_comment(shop, pull.number, "x" * 65_536)
    with pytest.raises(ExpectedError) as caught:
        host.post_comment(shop, pull.number, "x" * 65_537)
    assert caught.value.code is RefusalCode.TOO_LARGE
    assert len(hosted.github.world.comments(pull)) == 1


# --- checks


def test_a_check_is_one_run_that_moves(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    head = opened(hosted).head_sha
    first = host.set_check(shop, head, check(state=CheckState.IN_PROGRESS))
    second = host.set_check(shop, head, check(state=CheckState.FAILURE, text="why"))
    third = host.set_check(shop, head, check(state=CheckState.IN_PROGRESS))
    assert first == second == third
    host.set_check(shop, head, check(state=CheckState.ACTION_REQUIRED))
    runs = hosted.github.world.check_runs(hosted.shop, head)
    assert [(run.name, run.status, run.conclusion) for run in runs] == [("schemagate", "completed", "action_required")]


def test_another_process_finds_the_same_run(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    head = opened(hosted).head_sha
    first = host.set_check(shop, head, check(state=CheckState.IN_PROGRESS))
    with hosted.host() as other:
        assert other.set_check(shop, head, check(annotations=notes(1))) == first
    with hosted.host() as third:
        assert third.set_check(shop, head, check()) > first


def test_checks_of_two_names_and_two_heads_are_apart(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    head = opened(hosted).head_sha
    ids = {
        host.set_check(shop, sha, check(name=name))
        for sha in (head, hosted.tip())
        for name in ("schemagate", "schemagate / shop / prod")
    }
    assert len(ids) == 4


def test_annotations_beyond_fifty_are_added_later(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    head = opened(hosted).head_sha
    host.set_check(shop, head, check(annotations=notes(120)))
    (run,) = hosted.github.world.check_runs(hosted.shop, head)
    assert [note["message"] for note in run.annotations] == [f"note {number}" for number in range(120)]


def test_annotations_are_never_shown_twice(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    head = opened(hosted).head_sha
    first = host.set_check(shop, head, check(annotations=notes(3)))
    second = host.set_check(shop, head, check(annotations=notes(2)))
    assert first != second
    newest = max(hosted.github.world.check_runs(hosted.shop, head), key=lambda run: run.id)
    assert len(newest.annotations) == 2
    assert host.set_check(shop, head, check()) > second


def test_a_check_text_longer_than_github_takes_is_not_sent(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    head = opened(hosted).head_sha
    host.set_check(shop, head, check(text="x" * 65_535))
    with pytest.raises(ExpectedError) as caught:
        host.set_check(shop, head, check(text="é" * 40_000))
    assert caught.value.code is RefusalCode.TOO_LARGE


def test_other_apps_checks_are_quoted_and_ours_are_not(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    head = opened(hosted).head_sha
    ci = hosted.github.world.create_app(hosted.acme, "ci")
    hosted.github.world.run_check(hosted.shop, ci, head, "tests", "success")
    host.set_check(shop, head, check())
    assert [(item.name, item.conclusion) for item in host.other_checks(shop, head)] == [("tests", "success")]


# --- deployments


def test_a_deployment_starts_although_a_required_check_is_missing_and_base_moved(
    hosted: Hosted, host: GithubHost, shop: Repository
) -> None:
    head = opened(hosted).head_sha
    host.set_check(shop, head, check(state=CheckState.FAILURE))
    hosted.github.world.push(hosted.shop, hosted.alice, "main", {"z": "1"})
    number = host.create_deployment(shop, head, "prod")
    host.set_deployment(shop, number, DeploymentState.IN_PROGRESS, "d" * 200)
    host.set_deployment(shop, number, DeploymentState.SUCCESS, "applied")
    deployment = hosted.github.hub.state.deployments[number]
    assert (deployment.environment, deployment.sha, deployment.statuses[-1].state) == ("prod", head, "success")
    assert hosted.tip("feature") == head


# --- commits


def test_a_commit_is_made_on_top_and_signed_by_github(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    head = opened(hosted).head_sha
    files = (CommitFile("modules/shop/workdocs/active/t/db/plan.md", "é\n"), CommitFile("big.sql", "x" * 250_000))
    made = host.commit_files(shop, "feature", head, "Add workdocs", files)
    assert hosted.tip("feature") == made
    assert host.file(shop, made, "modules/shop/workdocs/active/t/db/plan.md") == "é\n".encode()
    assert host.file(shop, made, "versions/b.py") == b"revision = 'b'\n"
    assert len(host.file(shop, made, "big.sql") or b"") == 250_000
    assert made in hosted.shop.verified


def test_a_branch_that_moved_is_left_alone(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    head = opened(hosted).head_sha
    tip = hosted.github.world.push(hosted.shop, hosted.bob, "feature", {"y": "2"})
    with pytest.raises(ExpectedError, match="moved") as caught:
        host.commit_files(shop, "feature", head, "Add workdocs", (CommitFile("w.md", "x"),))
    assert caught.value.advice
    assert hosted.tip("feature") == tip


def test_a_branch_that_is_gone_is_said(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    head = opened(hosted).head_sha
    hosted.github.world.delete_branch(hosted.shop, hosted.bob, "feature")
    with pytest.raises(ExpectedError, match="gone"):
        host.commit_files(shop, "feature", head, "Add workdocs", (CommitFile("w.md", "x"),))


def test_a_protected_branch_cannot_be_written(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    hosted.github.world.protect(hosted.shop, "main", reviews=1)
    tip = hosted.tip()
    with pytest.raises(ExpectedError, match="cannot be written") as caught:
        host.commit_files(shop, "main", tip, "Add workdocs", (CommitFile("w.md", "x"),))
    assert "workdocs_to: branch" in caught.value.advice
    assert hosted.tip() == tip


def test_a_branch_of_ours_is_made_once(hosted: Hosted, host: GithubHost, shop: Repository) -> None:
    host.create_branch(shop, "schemagate/x", hosted.tip())
    host.create_branch(shop, "schemagate/x", hosted.tip())
    moved = hosted.github.world.push(hosted.shop, hosted.bob, "main", {"x": "1"})
    with pytest.raises(ExpectedError):
        host.create_branch(shop, "schemagate/x", moved)


# --- permissions


def test_every_endpoint_is_one_of_github(hosted: Hosted) -> None:
    assert len({(item.method, item.path) for item in ENDPOINTS}) == len(ENDPOINTS)
    assert all(item.method == "GET" or item.permission == APP or item.level == "write" for item in ENDPOINTS)


def test_part_of_a_path_stays_one_part() -> None:
    user = next(item for item in ENDPOINTS if "memberships" in item.path)
    assert user.url(org="a/b", slug="x?y", login="z#") == "/orgs/a%2Fb/teams/x%3Fy/memberships/z%23"
    with pytest.raises(ValueError, match="upwards"):
        user.url(org="a/../b", slug="x", login="z")
