"""`schemagate report`: the whole report of a pull, without GitHub: what the bot would post, on this machine."""

from __future__ import annotations

import argparse
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workers import wiring
from workers.console.output import Parser, hidden, progress, tell, url_around, write
from workers.console.standalone import folder, hash_key, open_machine, sound
from workers.console.starting import LARGEST, modules_among
from workers.core.config import Approver, ApproverKind, Environment, Module, Origin, SecretRef
from workers.core.config_files import (
    Approving,
    EnvironmentFile,
    ModuleFile,
    RepoFile,
    Said,
    ServerFile,
    ServerRepository,
    find,
)
from workers.core.config_rules import read_repository
from workers.core.config_text import first_config
from workers.core.errors import ExpectedError
from workers.core.policy import Blocked, PullFacts
from workers.core.refusals import Refusal, RefusalCode
from workers.github.checkout import LocalCode
from workers.local.clock import SystemClock
from workers.local.kept_replays import KeptReplays
from workers.local.merged_configs import MergedConfigs
from workers.local.secret_values import SecretValues
from workers.machine import databases, sources, tools
from workers.ports import Checkout, Loaded, Pull, Repository, Services, Tree
from workers.reading import positions
from workers.rendering.report import report
from workers.rendering.report_json import report_json
from workers.rendering.views import ReportView
from workers.settings import KEY_BYTES
from workers.steps.judge import judge
from workers.steps.pulls import CONFIG_PATH, OpenPull, Trees
from workers.steps.views import report_view
from workers.store.inbox import connect
from workers.store.seal import Seal, StateKey
from workers.store.sql import SqlStore
from workers.store.upgrade import upgrade
from workers.version import VERSION

GIVEN, GIVEN_SCRATCH = "GIVEN_URL", "GIVEN_SCRATCH"
_NOT_IN_THE_WAY = frozenset({RefusalCode.NEEDS_APPROVAL, RefusalCode.NOTHING_TO_APPLY})
_BRANCH = re.compile(r"[A-Za-z0-9._/-]+")
_COMMIT = re.compile(r"[0-9a-f]{7,64}|HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What was asked. `branch` is the base's name as a branch, empty where it is a commit; an empty `url` leaves it to the server config."""

    full_name: str
    base: str
    branch: str
    head: str
    module: str
    environment: str
    url: str
    scratch: str


class _Absent:
    """Stands where GitHub, queue, inbox or signer would: a report has no use for them, so any use is a bug."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- it gives nothing
        raise NotImplementedError(name)


def options(name: str, parser: Parser) -> None:
    """What it takes."""
    del name
    parser.description = (
        "What the bot would post for a pull from --base to --head of a local repository. Only reads the database; runs migrations in the "
        "sandbox, on copies. Exit 0: nothing to do, or ready but for its approval. 3: blocked by something else. 1: it could not be done."
    )
    parser.add_argument("--repo", type=Path, required=True, metavar="DIR", help="a git repository of this machine")
    parser.add_argument("--base", required=True, metavar="REV", help="the branch that the pull would go to")
    parser.add_argument("--head", required=True, metavar="REV", help="the pull's own commit or branch")
    parser.add_argument("--env", required=True, metavar="NAME", help="an environment, as the config calls it")
    parser.add_argument("--module", default="", metavar="ID", help="needed where there are several")
    parser.add_argument("--url", help="the target; without it DATABASE_URL")
    parser.add_argument(
        "--scratch", default="", metavar="URL", help="a scratch server of yours instead of a private one"
    )
    parser.add_argument(
        "--config", type=Path, metavar="SERVER.yml", help="the operator's config; it names the target then"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="instead of standard output")
    parser.add_argument(
        "--format", choices=("markdown", "json"), default="markdown", metavar="FORM", help="markdown or json"
    )
    parser.set_defaults(run=_report)


def _report(found: argparse.Namespace) -> int:
    server = wiring.server_config(found.config) if found.config else None
    asked = _asked(found, server)
    with tempfile.TemporaryDirectory(prefix="schemagate-") as name, progress("reading code and database"):
        (place := Path(name, "objects")).mkdir()
        view = _view(asked, server, LocalCode(found.repo, place), Path(name))
    write(_text(view, found.format), found.out)
    in_the_way = [item for item in _refusals(view) if item.code not in _NOT_IN_THE_WAY]
    for item in in_the_way:
        tell(hidden(f"{item.code.value}: {item.message}", (asked.url, asked.scratch)))
    return 3 if in_the_way else 0


def _asked(found: argparse.Namespace, server: ServerFile | None) -> _Asked:
    url = found.url or ("" if server else url_around())
    if url:
        sound(url)
    elif server is None:
        advice = "give --url or --config, or set DATABASE_URL in the environment or in .env here"
        raise ExpectedError("no database is named", advice, RefusalCode.NOT_CONFIGURED)
    branch = found.base.removeprefix("origin/")
    return _Asked(
        full_name=_full_name(server, found.repo.resolve().name),
        base=found.base,
        branch=branch if _BRANCH.fullmatch(branch) and not _COMMIT.fullmatch(branch) else "",
        head=found.head,
        module=found.module,
        environment=found.env,
        url=url,
        scratch=found.scratch,
    )


def _full_name(server: ServerFile | None, name: str) -> str:
    """Which of the operator's repositories this one is: the only one, or the one of its folder's name."""
    if server is None:
        return f"local/{name}"
    names = [item.name for item in server.repositories]
    fitting = names if len(names) == 1 else [item for item in names if item.partition("/")[2] == name]
    if len(fitting) != 1:
        advice = "give a config with this repository alone, or call the folder by its name"
        raise ExpectedError(f"the config does not tell which repository {name} is", advice, RefusalCode.NOT_CONFIGURED)
    return fitting[0]


def _view(asked: _Asked, server: ServerFile | None, code: LocalCode, place: Path) -> ReportView:
    """Everything that is found out, as for an open pull by nobody."""
    repository = Repository(id=0, full_name=asked.full_name, default_branch=asked.branch or "main")
    checkout = code.checkout(repository, asked.base, asked.head)
    loaded = _loaded(asked, server, repository, checkout.base)
    configuration = loaded.configuration
    with _services(asked, code, place) as services:
        branch = asked.branch or (configuration.branches[0] if configuration else "")
        pull = _pull(asked, branch, checkout)
        opened = OpenPull(repository=repository, pull=pull, loaded=loaded, tip=checkout.base.commit)
        if configuration is None:
            return replace(report_view(opened, (), loaded.problems, "", services), url="")
        module, environment = _place(asked, configuration.modules)
        facts = PullFacts(number=0, open=True, draft=False, fork=False, base_branch=branch, author=0)
        trees = Trees(checkout=checkout, default=checkout.base)
        judged = judge(opened, trees, facts, module, environment, services)
        return replace(report_view(opened, (judged,), loaded.problems, "", services), url="")


def _loaded(asked: _Asked, server: ServerFile | None, repository: Repository, base: Tree) -> Loaded:
    """The config of the base, merged with the operator's; what is not there is made up, and the former is said."""
    text = base.read(CONFIG_PATH)
    if text is None:
        paths = [entry.path for entry in base.entries() if not entry.size > LARGEST]
        found = modules_among(paths, lambda path: (base.read(path) or b"").decode(errors="replace"))
        text = first_config(repository.name, found).encode()
        tell(f"{asked.base} has no {CONFIG_PATH}; taken as `schemagate init` would write it")
    served = server or ServerFile(repositories=(_served(asked, text),))
    return MergedConfigs(served).load(repository, base.commit, text)


def _served(asked: _Asked, text: bytes) -> ServerRepository:
    """An operator's word for what was asked: the URL, and approvers where the repository names none."""
    origin = Origin("url", "the command line", 1)
    node = positions.read(text, CONFIG_PATH)
    file = node if isinstance(node, Refusal) else read_repository(node, CONFIG_PATH)
    modules = []
    for module in file.modules if isinstance(file, RepoFile) else ():
        theirs = next((item for item in module.environments if item.name == asked.environment), None)
        names_some = theirs is not None and find(theirs.said, "approvers") is not None
        approvers = Approving.FROM_REPOSITORY if names_some else (Approver(ApproverKind.ROLE, "write"),)
        said = [Said("url", SecretRef(f"env:{GIVEN}"), origin), Said("approvers", approvers, origin)]
        said += [Said("scratch", SecretRef(f"env:{GIVEN_SCRATCH}"), origin)] if asked.scratch else []
        environment = EnvironmentFile(name=asked.environment, origin=origin, said=tuple(said))
        modules.append(ModuleFile(id=module.id, origin=origin, environments=(environment,)))
    return ServerRepository(name=asked.full_name, origin=origin, id=None, modules=tuple(modules))


def _place(asked: _Asked, modules: tuple[Module, ...]) -> tuple[Module, Environment]:
    """The module and the environment that were asked for; other environments are waited for where they have a URL, too."""
    fitting = [item for item in modules if asked.module in {"", item.id}]
    if len(fitting) != 1:
        known = ", ".join(item.id for item in modules)
        message = f"there is no module {asked.module}" if asked.module else "there are several modules"
        raise ExpectedError(message, f"give --module, one of: {known}", RefusalCode.MODULE_REQUIRED)
    module = fitting[0]
    environment = module.environment(asked.environment)
    if environment is None:
        known = ", ".join(item.name for item in module.environments)
        message = f"{module.id} has no environment {asked.environment}"
        raise ExpectedError(message, f"give --env, one of: {known}", RefusalCode.UNKNOWN_ENVIRONMENT)
    if asked.url:
        environment = replace(environment, url=SecretRef(f"env:{GIVEN}"), read_url=None)
    reached = [
        item.name for item in module.environments if item.url is not None and item.name in environment.requires_applied
    ]
    for name in environment.requires_applied:
        if name not in reached:
            tell(f"{name} must come before {environment.name}, and has no URL here: not looked at")
    return module, replace(environment, requires_applied=tuple(reached))


def _pull(asked: _Asked, branch: str, checkout: Checkout) -> Pull:
    return Pull(
        repository=0,
        number=0,
        title=asked.head,
        open=True,
        merged=False,
        draft=False,
        base_branch=branch,
        base=checkout.base.commit,
        head_branch=asked.head,
        head=checkout.head.commit,
        head_repository=0,
        author=0,
        author_login="whoever opens the pull",
    )


@contextmanager
def _services(asked: _Asked, code: LocalCode, place: Path) -> Iterator[Services]:
    """A service for one report: a state of its own that nobody keeps, and nobody at GitHub's end."""
    engine = connect(f"sqlite:///{place / 'state.db'}")
    upgrade(engine)
    absent: Any = _Absent()
    machine, clock = open_machine(), SystemClock()
    try:
        yield Services(
            host=absent,
            code=code,
            store=SqlStore(engine, Seal((StateKey("once", secrets.token_bytes(KEY_BYTES)),)), clock),
            inbox=absent,
            queue=absent,
            clock=clock,
            signer=absent,
            secrets=SecretValues({**os.environ, GIVEN: asked.url, GIVEN_SCRATCH: asked.scratch}),
            configs=absent,
            replays=KeptReplays(folder() / "replays", tools()),
            databases=databases(machine, hash_key()),
            sources=sources(machine),
            server_url="",
            version=VERSION,
            sandbox_problem=machine.problem,
            trusted=machine.trusted,
        )
    finally:
        engine.dispose()


def _text(view: ReportView, form: str) -> str:
    if form == "markdown":
        return report(view)
    if not view.modules:
        advice = "correct the config; `--format markdown` shows every fault"
        raise ExpectedError(
            "the config is not valid, so there is nothing to report on", advice, RefusalCode.CONFIG_INVALID
        )
    module = view.modules[0]
    return report_json(view, module, module.environments[0])


def _refusals(view: ReportView) -> tuple[Refusal, ...]:
    decisions = [shown.decision for module in view.modules for shown in module.environments]
    return (*view.problems, *(item for found in decisions if isinstance(found, Blocked) for item in found.refusals))
