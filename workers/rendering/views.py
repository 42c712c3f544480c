"""What each text is made from: one frozen view a template, filled by jobs, so that a template never decides."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.approval import Approval, Person
from workers.core.config import Environment
from workers.core.diff import Change
from workers.core.examination import Examination, Preflight
from workers.core.names import Direction
from workers.core.plan import Plan
from workers.core.policy import Decision
from workers.core.refusals import Refusal
from workers.core.rollout import Rollout, Step
from workers.core.schema import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class LineNote:
    """A note on a line of a file; `level` is notice, warning or failure."""

    path: str
    line: int
    level: str
    title: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTexts:
    """What a check run says: title, summary and text in Markdown, and notes on lines."""

    title: str
    summary: str
    text: str = ""
    annotations: tuple[LineNote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedView:
    """A rollout of this pull that has ended on an environment. `by` are the approvers' logins; `commit` is the workdocs commit, if made."""

    rollout: Rollout
    by: tuple[str, ...]
    direction: Direction
    migrations: tuple[str, ...]
    statements: tuple[tuple[str, str], ...]
    undo_note: str
    commit_url: str
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentView:
    """One environment in the report.

    `code` is empty where none may be shown. `may_not` are logins that may not approve, with why. `needed` is how many approvals are missing.
    `check_url` leads to the check run that carries every byte of the plan. `needs_module` says that a command must name the module, because
    the config has this environment in several.
    """

    environment: Environment
    examination: Examination
    decision: Decision
    code: str
    plain_counts: bool
    needed: int
    may_not: tuple[tuple[str, str], ...]
    approvals: tuple[Approval, ...]
    applied: tuple[AppliedView, ...]
    check_url: str
    engine_label: str
    database: str
    server: str
    needs_module: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleView:
    """One module of the report with its environments in their order."""

    id: str
    path: str
    source: str
    environments: tuple[EnvironmentView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """The living report of a pull. `problems` are faults of the config; `unmapped` counts commits that GitHub maps to nobody.

    `url` is empty where there is no pull to link to: a report on a local repository.
    """

    full_name: str
    pull: int
    title: str
    head: str
    base_branch: str
    url: str
    modules: tuple[ModuleView, ...]
    problems: tuple[Refusal, ...]
    merged: bool
    open: bool
    unmapped: int
    tasks: tuple[tuple[str, str], ...]
    workdocs_sentence: str
    other_pulls: tuple[tuple[int, str], ...]
    author_login: str
    checked_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedView:
    """A command that was refused: its line, who wrote it, every reason, and the line to paste instead (empty where there is none)."""

    command: str
    by: str
    refusals: tuple[Refusal, ...]
    instead: str
    report_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedView:
    """An apply that ended, for the short new comment: `author` is mentioned once when it is the author's turn.

    `carries_on` says that its plan was the rest of a rollout that had stopped half way.
    """

    environment: str
    module: str
    rollout: Rollout
    direction: Direction
    seconds: float
    by: tuple[str, ...]
    author: str
    merged: bool
    report_url: str
    commit_url: str
    stuck: tuple[str, ...]
    missing: tuple[str, ...]
    waiting_pulls: int
    carries_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidedView:
    """An approval that no longer counts."""

    environment: str
    by: str
    reasons: tuple[Refusal, ...]
    report_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """The answer to `/status`: every environment with each rule, where it was written, and the quiet refusals."""

    report: ReportView
    refused: tuple[tuple[str, str, str], ...]
    config_commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """A short notice: a pasted secret, a tampered report, a command found without its delivery, an internal error with its job id."""

    by: str
    subject: str
    report_url: str = ""
    comment_url: str = ""
    job: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One row of the verification sheet; without `asked` it is neither good nor bad."""

    question: str
    expected: str
    found: str
    good: bool
    asked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature over a section: key id and base64 text."""

    key: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkdocsView:
    """Everything the six documents and the artifacts of one rollout say.

    `previous` is the section hash of the database's previous rollout ("none" for the first). `stated_backup` is what config or approval said, and
    `confirmed` the sentence that the approval confirmed. `other_checks` are (name, conclusion, id) of the pull's other checks.
    """

    full_name: str
    pull: int
    title: str
    head: str
    base: str
    base_branch: str
    merge_tree: str
    module: str
    environment: Environment
    task: str
    rollout: Rollout
    plan: Plan
    code: str
    examination: Examination
    preflight: Preflight
    approvals: tuple[Approval, ...]
    author: str
    excluded: tuple[str, ...]
    steps: tuple[Step, ...]
    before: Snapshot
    after: Snapshot | None
    sheet: tuple[SheetRow, ...]
    differences: tuple[Change, ...]
    other_checks: tuple[tuple[str, str, int], ...]
    previous: str
    config_commit: str
    stated_backup: str
    confirmed: str
    published_at: str
    tools: tuple[tuple[str, str], ...]
    people: tuple[Person, ...] = ()
