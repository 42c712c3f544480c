"""The pages that only show: repositories, files, commits, pulls, check runs."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, abort, jsonify, render_template, request

from deploy.demo.github import access
from deploy.demo.github.actions.pulls import facts_of
from deploy.demo.github.errors import ApiError
from deploy.demo.github.hub import Hub
from deploy.demo.github.pages import timeline
from deploy.demo.github.pages.markdown import code_html, comment_html, document_html
from deploy.demo.github.records import Issue, Repo, User
from deploy.demo.github.rest import call

pages = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/_static")
COLORS = ("#0969da", "#1a7f37", "#9a6700", "#8250df", "#bf3989", "#bc4c00", "#0a7d91", "#57606a")
SHOWN_BYTES = 512 * 1024
MINUTE, HOUR, DAY = 60, 3600, 86_400


@pages.get("/")
def index() -> str:
    repos = [r for r in call.hub().state.repos.values() if not r.deleted]
    return render_template("index.html", repos=repos)


@pages.get("/<owner>")
def account(owner: str) -> str:
    user = call.hub().state.user(owner)
    return render_template(
        "index.html", repos=[r for r in call.hub().state.repos.values() if r.owner is user and not r.deleted]
    )


@pages.get("/_state")
def revision() -> Response:
    return jsonify({"revision": call.hub().state.revision})


@pages.get("/_avatar/<int:user_id>")
def avatar(user_id: int) -> Response:
    user = call.hub().state.users.get(user_id) or call.hub().state.ghost
    color = COLORS[user.id % len(COLORS)]
    shape = '<rect width="40" height="40" rx="8"' if user.type != "User" else '<circle cx="20" cy="20" r="20"'
    letter = user.login[0].upper()
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">{shape} fill="{color}"/><text x="20" y="27" font-size="20" '
        f'font-family="sans-serif" font-weight="600" text-anchor="middle" fill="#fff">{letter}</text></svg>'
    )
    return Response(svg, mimetype="image/svg+xml", headers={"Cache-Control": "max-age=3600"})


@pages.get("/<owner>/<name>")
def repository(owner: str, name: str) -> str:
    return tree(owner, name, "")


@pages.get("/<owner>/<name>/tree/<path:where>")
def tree(owner: str, name: str, where: str) -> str:
    repo = call.hub().state.repo(owner, name)
    branch, path = _split_ref(repo, where or repo.default_branch)
    entries = sorted(repo.git.tree(branch, path), key=lambda e: (e.type != "tree", e.path))
    readme = next((e for e in entries if e.path.rpartition("/")[2].lower() == "readme.md"), None)
    text = _text(repo, readme.sha) if readme else ""
    branches = sorted(ref.removeprefix("refs/heads/") for ref in repo.git.refs("refs/heads/"))
    return render_template(
        "tree.html",
        repo=repo,
        branch=branch,
        path=path,
        entries=entries,
        readme=document_html(text, f"{_home(repo)}/blob/{branch}/{path}".rstrip("/") + "/") if text else "",
        branches=branches,
        pulls=_pulls(repo),
        people=_people(call.hub(), repo),
        last=repo.git.log(branch, limit=1)[0],
    )


@pages.get("/<owner>/<name>/blob/<path:where>")
def blob(owner: str, name: str, where: str) -> str:
    repo = call.hub().state.repo(owner, name)
    branch, path = _split_ref(repo, where)
    entry = repo.git.entry(branch, path)
    if entry is None or entry.type != "blob":
        abort(404)
    text = _text(repo, entry.sha)
    plain = "plain" in request.args or not path.endswith(".md")
    shown = code_html(text, path.rpartition(".")[2]) if plain else document_html(text, "")
    return render_template(
        "blob.html", repo=repo, branch=branch, path=path, entry=entry, text=text, shown=shown, plain=plain
    )


@pages.get("/<owner>/<name>/raw/<path:where>")
def raw(owner: str, name: str, where: str) -> Response:
    repo = call.hub().state.repo(owner, name)
    branch, path = _split_ref(repo, where)
    entry = repo.git.entry(branch, path)
    if entry is None or entry.type != "blob":
        abort(404)
    return Response((repo.git.read(entry.sha) or ("", b""))[1], mimetype="text/plain")


@pages.get("/<owner>/<name>/commit/<sha>")
@pages.get("/<owner>/<name>/pull/<int:_number>/commits/<sha>")
def commit(owner: str, name: str, sha: str, _number: int = 0) -> str:
    repo = call.hub().state.repo(owner, name)
    found = repo.git.resolve(sha)
    if found is None:
        abort(404)
    one = repo.git.commit(found)
    files = repo.git.diff(one.parents[0] if one.parents else None, found)
    pusher = call.hub().state.users.get(repo.pushers.get(found, 0))
    return render_template(
        "commit.html",
        repo=repo,
        commit=one,
        files=files,
        line=timeline.lines(repo, [one], call.hub())[0],
        pusher=pusher,
        runs=timeline.latest_runs(call.hub(), repo, found),
    )


@pages.get("/<owner>/<name>/pull/<int:number>")
def conversation(owner: str, name: str, number: int) -> str:
    return _pull_page(owner, name, number, "conversation")


@pages.get("/<owner>/<name>/issues/<int:number>")
def plain_issue(owner: str, name: str, number: int) -> str:
    return _pull_page(owner, name, number, "conversation")


@pages.get("/<owner>/<name>/pull/<int:number>/<any(commits, files, checks):tab>")
def pull_tab(owner: str, name: str, number: int, tab: str) -> str:
    return _pull_page(owner, name, number, tab)


@pages.get("/<owner>/<name>/runs/<int:run_id>")
def check_run(owner: str, name: str, run_id: int) -> str:
    state = call.hub().state
    run = state.run(state.repo(owner, name), run_id)
    pull = next((p for p in state.pulls(run.suite.repo) if p.head_sha == run.suite.head_sha), None)
    return render_template(
        "run.html",
        repo=run.suite.repo,
        run=run,
        pull=pull,
        summary=comment_html(run.summary or ""),
        text=comment_html(run.text or ""),
        people=_people(call.hub(), run.suite.repo),
    )


@pages.app_template_filter("ago")
def ago(at: datetime) -> str:
    seconds = int((call.hub().state.now() - at).total_seconds())
    for unit, size in (("day", DAY), ("hour", HOUR), ("minute", MINUTE)):
        if seconds >= size:
            return f"{seconds // size} {unit}{'s' if seconds >= 2 * size else ''} ago"
    return "just now"


@pages.after_request
def _guard(answer: Response) -> Response:
    """Nothing but our own files may run or load on a page, whatever a comment holds."""
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'"
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@pages.errorhandler(ApiError)
def missing(problem: ApiError) -> tuple[str, int]:
    return render_template("refused.html", message=problem.message, details=""), problem.status


def _home(repo: Repo) -> str:
    return f"/{repo.full_name}"


def _pull_page(owner: str, name: str, number: int, tab: str) -> str:
    hub = call.hub()
    repo = hub.state.repo(owner, name)
    issue = hub.state.issue(repo, number)
    pull = issue.pull
    git = repo.git
    more: dict[str, object] = {}
    if pull is not None:
        more["runs"] = timeline.latest_runs(hub, repo, pull.head_sha)
        more["facts"] = facts_of(hub, pull)
        if tab == "commits":
            more["commits"] = timeline.lines(repo, git.log("--reverse", f"{pull.base_sha}..{pull.head_sha}"), hub)
        if tab == "files":
            more["files"] = git.diff(git.merge_base(pull.base_sha, pull.head_sha), pull.head_sha)
    entries = timeline.of_issue(hub, issue) if tab == "conversation" else ()
    return render_template(
        "pull.html",
        repo=repo,
        issue=issue,
        pull=pull,
        tab=tab,
        entries=entries,
        people=_people(hub, repo),
        comments=len(hub.state.comments_of(issue)),
        **more,
    )


def _people(hub: Hub, repo: Repo) -> list[tuple[User, str]]:
    """Everybody who can be played here, with their role; strangers too, as a bot must refuse them."""
    hidden = (hub.state.web_flow, hub.state.ghost)
    people = [u for u in hub.state.users.values() if u.type == "User" and u not in hidden]
    return [(u, access.role_of(hub.state, u, repo)) for u in people]


def _pulls(repo: Repo) -> list[Issue]:
    return sorted((i for i in repo.issues.values()), key=lambda i: (i.state != "open", -i.number))


def _split_ref(repo: Repo, where: str) -> tuple[str, str]:
    """`branch/path` into its halves, though both may hold slashes: the longest branch wins; a SHA stands alone."""
    branches = sorted((r.removeprefix("refs/heads/") for r in repo.git.refs("refs/heads/")), key=len, reverse=True)
    for branch in branches:
        if where == branch or where.startswith(f"{branch}/"):
            return branch, where[len(branch) + 1 :]
    first, _, path = where.partition("/")
    if repo.git.resolve(first) is None:
        abort(404)
    return first, path


def _text(repo: Repo, sha: str) -> str:
    data = (repo.git.read(sha) or ("", b""))[1]
    if b"\0" in data[:8000]:
        return f"(binary file, {len(data)} bytes)"
    return data[:SHOWN_BYTES].decode("utf-8", "replace")
