"""Who may do what: JWTs, tokens, permissions, roles."""

from __future__ import annotations

import json
import re

import pytest
import requests

from deploy.demo.github.access import key_pair
from tests.demo.github.conftest import Acme, Api


def test_a_jwt_proves_the_app_by_id_or_client_id(acme: Acme):
    assert acme.api(f"Bearer {acme.jwt()}").get("/app")["slug"] == "gate"
    assert acme.api(f"Bearer {acme.jwt(iss=acme.app.client_id)}").get("/app")["installations_count"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"age": 1000, "life": -5},  # expired
        {"life": 700},  # lives too long
        {"age": -60},  # issued in the future
        {"iss": "12345"},  # of no App
        {"exp": None},  # for ever
    ],
)
def test_a_jwt_with_wrong_claims_is_refused(acme: Acme, wrong):
    assert "message" in acme.api(f"Bearer {acme.jwt(**wrong)}").get("/app", 401)


def test_a_jwt_of_another_key_is_refused(acme: Acme):
    acme.api(f"Bearer {acme.jwt(key=key_pair()[0])}").get("/app", 401)


def test_an_installation_token_is_no_jwt_and_the_other_way_round(acme: Acme):
    acme.api(f"Bearer {acme.token()}").get("/app", 401)
    acme.api(f"Bearer {acme.jwt()}").get("/repos/acme/shop", 401)


def test_a_token_is_long_lives_an_hour_and_says_so_to_the_second(acme: Acme):
    answer = acme.api(f"Bearer {acme.jwt()}").post(f"/app/installations/{acme.installation.id}/access_tokens")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer["expires_at"])
    assert re.fullmatch(rf"ghs_{acme.app.id}_\S+\.\S+\.\S+", answer["token"])
    api = acme.api(f"Bearer {answer['token']}")
    api.get("/repos/acme/shop")
    acme.world.advance(3601)
    assert api.get("/repos/acme/shop", 401)["message"] == "Bad credentials"


def test_a_token_narrowed_to_one_repository_does_not_see_the_others(acme: Acme):
    acme.world.create_repo(acme.org, "other")
    api = acme.api(f"Bearer {acme.token(repositories=['other'])}")
    assert [r["name"] for r in api.get("/installation/repositories")["repositories"]] == ["other"]
    api.get("/repos/acme/shop", 404)
    api.get("/repos/acme/other")


def test_a_token_narrowed_to_some_permissions_is_refused_the_rest(acme: Acme):
    pull = acme.pull()
    api = acme.api(f"Bearer {acme.token(permissions={'pull_requests': 'read'})}")
    api.get(f"/repos/acme/shop/pulls/{pull.number}")
    refusal = api.post(f"/repos/acme/shop/issues/{pull.number}/comments", {"body": "hello"}, 403)
    assert refusal["message"] == "Resource not accessible by integration"
    api.get("/repos/acme/shop/git/ref/heads/main", 403)


def test_a_token_cannot_be_widened(acme: Acme):
    path = f"/app/installations/{acme.installation.id}/access_tokens"
    api = acme.api(f"Bearer {acme.jwt()}")
    api.post(path, {"permissions": {"administration": "write"}}, 422)
    api.post(path, {"repositories": ["nowhere"]}, 422)


def test_what_a_token_may_not_see_is_not_there(acme: Acme):
    acme.world.create_repo(acme.dave, "private")
    acme.world.create_repo(acme.dave, "open", private=False)
    acme.api().get("/repos/dave/private", 404)
    acme.api().get("/repos/dave/open")
    acme.api().get("/repos/dave/nothing", 404)


def test_without_credentials_or_with_bad_ones_there_is_nothing(acme: Acme):
    Api(acme.github.api_url, "").get("/repos/acme/shop", 401)
    acme.api("Bearer ghs_wrong").get("/repos/acme/shop", 401)
    acme.api("Basic !!!").get("/repos/acme/shop", 401)


def test_a_suspended_or_removed_installation_ends_its_tokens(acme: Acme):
    api = acme.api()
    acme.world.suspend(acme.installation)
    api.get("/repos/acme/shop", 403)
    acme.world.suspend(acme.installation, suspended=False)
    api.get("/repos/acme/shop")
    acme.world.uninstall(acme.installation)
    api.get("/repos/acme/shop", 401)


@pytest.mark.parametrize(
    ("role", "permission"),
    [("read", "read"), ("triage", "read"), ("write", "write"), ("maintain", "write"), ("admin", "admin")],
)
def test_the_permission_endpoint_speaks_the_old_words_and_the_exact_role(acme: Acme, role, permission):
    acme.world.add_collaborator(acme.repo, acme.dave, role)
    answer = acme.api().get("/repos/acme/shop/collaborators/dave/permission")
    assert (answer["permission"], answer["role_name"], answer["user"]["id"]) == (permission, role, acme.dave.id)


def test_the_permission_endpoint_knows_members_without_rights_and_no_strangers(acme: Acme):
    acme.world.add_collaborator(acme.repo, acme.bob, "none")
    assert acme.api().get("/repos/acme/shop/collaborators/bob/permission")["permission"] == "none"
    assert acme.api().get("/repos/acme/shop/collaborators/alice/permission")["role_name"] == "admin"
    acme.api().get("/repos/acme/shop/collaborators/dave/permission", 404)
    acme.api().get("/repos/acme/shop/collaborators/nobody-at-all/permission", 404)


def test_rights_come_from_a_parent_team_too(acme: Acme):
    parent = acme.world.create_team(acme.org, "engineers", repos={acme.repo.id: "maintain"})
    acme.world.create_team(acme.org, "dba", parent=parent, members=[acme.dave])
    assert acme.api().get("/repos/acme/shop/collaborators/dave/permission")["role_name"] == "maintain"


def test_members_of_child_teams_count_and_invitations_are_pending(acme: Acme):
    parent = acme.world.create_team(acme.org, "engineers")
    child = acme.world.create_team(acme.org, "dba", parent=parent, members=[acme.bob, acme.alice])
    acme.world.add_team_member(child, acme.carol, state="pending")
    memberships = "/orgs/acme/teams/engineers/memberships"
    assert acme.api().get(f"{memberships}/bob")["state"] == "active"
    assert acme.api().get(f"{memberships}/alice")["role"] == "maintainer"
    assert acme.api().get(f"{memberships}/carol")["state"] == "pending"
    acme.api().get(f"{memberships}/dave", 404)
    assert {m["login"] for m in acme.api().get("/orgs/acme/teams/engineers/members")} == {"alice", "bob"}
    assert acme.api().get("/orgs/acme/teams/dba")["parent"]["slug"] == "engineers"


def test_teams_need_their_own_permission_and_organization(acme: Acme):
    acme.world.create_team(acme.org, "dba", members=[acme.bob])
    acme.api(f"Bearer {acme.token(permissions={'contents': 'read'})}").get("/orgs/acme/teams/dba/memberships/bob", 403)
    other = acme.world.create_org("umbrella")
    acme.world.create_team(other, "dba", members=[acme.bob])
    acme.api().get("/orgs/umbrella/teams/dba/memberships/bob", 404)


def test_a_person_needs_a_role_for_what_they_do(acme: Acme):
    pull = acme.pull()
    acme.as_person(acme.carol).post(f"/repos/acme/shop/issues/{pull.number}/comments", {"body": "I can read"})
    acme.as_person(acme.carol).patch(f"/repos/acme/shop/pulls/{pull.number}", {"title": "no"}, 403)
    acme.as_person(acme.dave).get(f"/repos/acme/shop/pulls/{pull.number}", 404)
    assert acme.as_person(acme.bob).get("/user")["login"] == "bob"


def test_only_loopback_names_are_answered(acme: Acme):
    answer = requests.get(acme.github.api_url + "/meta", headers={"Host": "evil.example"}, timeout=10)
    assert answer.status_code == 421
    page = requests.get(acme.github.server_url + "/acme/shop", headers={"Host": "evil.example:80"}, timeout=10)
    assert page.status_code == 421


def test_a_form_sent_from_another_site_is_refused(acme: Acme):
    pull = acme.pull()
    url = f"{acme.github.server_url}/acme/shop/pull/{pull.number}/comment"
    answer = requests.post(
        url, data={"as": "alice", "body": "/approve"}, headers={"Origin": "http://evil.example"}, timeout=10
    )
    assert answer.status_code == 403
    assert acme.world.comments(pull) == ()


def test_a_manifest_becomes_an_app_once(acme: Acme):
    site = acme.github.server_url
    manifest = json.dumps(
        {
            "name": "New gate",
            "hook_attributes": {"url": "http://127.0.0.1:9/hook"},
            "redirect_url": "http://127.0.0.1:9/done",
            "default_events": ["push"],
            "default_permissions": {"checks": "write"},
        }
    )
    form = {"manifest": manifest, "state": "abc", "as": "alice", "owner": "acme"}
    elsewhere = {"Origin": "http://127.0.0.1:9"}
    shown = requests.post(
        f"{site}/organizations/acme/settings/apps/new?state=abc", data=form, headers=elsewhere, timeout=10
    )
    assert "checks: write" in shown.text
    assert requests.post(f"{site}/settings/apps/create", data=form, headers=elsewhere, timeout=10).status_code == 403
    asked = requests.post(f"{site}/settings/apps/create", data=form, allow_redirects=False, timeout=10)
    assert asked.status_code == 302
    code = re.fullmatch(r"http://127\.0\.0\.1:9/done\?code=(\w+)&state=abc", asked.headers["Location"])
    assert code is not None
    made = Api(acme.github.api_url, "").post(f"/app-manifests/{code[1]}/conversions")
    assert made["slug"] == "new-gate"
    assert "RSA PRIVATE KEY" in made["pem"]
    Api(acme.github.api_url, "").post(f"/app-manifests/{code[1]}/conversions", status=404)
