"""Check runs: one of a name on a commit, with annotations in fifties, and what other Apps' checks say."""

from __future__ import annotations

from collections.abc import Mapping

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.github.answers import Answer
from workers.github.client import surely
from workers.github.permissions import CHECK_RUNS, CREATE_CHECK_RUN, UPDATE_CHECK_RUN
from workers.github.session import Session
from workers.ports import Annotation, Check, CheckState, OtherCheck, Repository

# Limits of GitHub: https://docs.github.com/rest/checks/runs
LONGEST_TEXT = 65_535
_TITLE, _MESSAGE, _AT_ONCE = 255, 64 * 1024, 50


class Checks:
    """The part of `ports.Host` that sets and reads check runs."""

    session: Session
    runs: dict[tuple[int, str, str], tuple[int, int]]
    """(repository, head, name) of what this process set -> (run, how many annotations it has)."""

    def set_check(self, repository: Repository, head: str, check: Check) -> int:
        """Create or update our check run of that name on that commit; returns its id.

        Annotations can be added to a run and never taken away: a run that has some is followed by a new one of the same name,
        which is the one that counts.
        """
        first, *later = _batches(check.annotations)
        fields = {**_state(check), "output": _output(check, first)}
        key = (repository.id, head, check.name)
        existing, annotated = self.runs.pop(key, (0, 0))
        if not existing:
            existing, annotated = self._ours(repository, head, check.name)
        if existing and not annotated:
            run = existing
            self._update(repository, run, fields)
        else:
            sent = {**fields, "name": check.name, "head_sha": head}
            run = surely(
                lambda: self.session.call(CREATE_CHECK_RUN, repository, body=sent).number("id"),
                lambda: self._newer(repository, head, check.name, existing),
            )
        for batch in later:
            self._update(repository, run, {"output": _output(check, batch)})
        self.runs[key] = (run, len(check.annotations))
        return run

    def other_checks(self, repository: Repository, head: str) -> tuple[OtherCheck, ...]:
        """Check runs of other Apps on a commit; one that is not done has no conclusion but its status."""
        return tuple(
            OtherCheck(
                name=item.text("name"),
                conclusion=item.maybe_text("conclusion") or item.text("status"),
                id=item.number("id"),
            )
            for item in self._runs(repository, head, {})
            if item.maybe_number("app", "id") != self.session.app_id
        )

    def _ours(self, repository: Repository, head: str, name: str) -> tuple[int, int]:
        """(id, count of annotations) of our newest run of a name; (0, 0) where there is none."""
        found = (
            (item.number("id"), item.maybe_number("output", "annotations_count") or 0)
            for item in self._runs(repository, head, {"check_name": name, "app_id": self.session.app_id})
            if item.maybe_number("app", "id") == self.session.app_id and item.text("name") == name
        )
        return max(found, default=(0, 0))

    def _newer(self, repository: Repository, head: str, name: str, than: int) -> int | None:
        found, _ = self._ours(repository, head, name)
        return found if found > than else None

    def _runs(self, repository: Repository, head: str, query: Mapping[str, str | int]) -> tuple[Answer, ...]:
        wanted = {"filter": "latest", **query}
        return tuple(
            self.session.client.pages(
                lambda page: self.session.call(CHECK_RUNS, repository, sha=head, query={**wanted, **page}).items(
                    "check_runs"
                )
            )
        )

    def _update(self, repository: Repository, run: int, fields: Mapping[str, object]) -> None:
        self.session.call(UPDATE_CHECK_RUN, repository, id=run, body=fields)


def _state(check: Check) -> dict[str, object]:
    if check.state is CheckState.IN_PROGRESS:
        return {"status": check.state.value}
    return {"status": "completed", "conclusion": check.state.value}


def _output(check: Check, annotations: tuple[Annotation, ...]) -> dict[str, object]:
    for text in (check.summary, check.text):
        if len(text.encode()) > LONGEST_TEXT:
            message = f"a text of the check {check.name} is longer than GitHub takes"
            raise ExpectedError(message, "split the pull into smaller ones", RefusalCode.TOO_LARGE)
    output: dict[str, object] = {"title": check.title[:_TITLE], "summary": check.summary}
    if check.text:
        output["text"] = check.text
    return output | ({"annotations": [_annotation(item) for item in annotations]} if annotations else {})


def _annotation(item: Annotation) -> dict[str, object]:
    return {
        "path": item.path,
        "start_line": item.line,
        "end_line": item.line,
        "annotation_level": item.level,
        "title": item.title[:_TITLE],
        "message": item.message.encode()[:_MESSAGE].decode(errors="ignore"),
    }


def _batches(annotations: tuple[Annotation, ...]) -> list[tuple[Annotation, ...]]:
    """At least one batch, the first possibly empty."""
    return [annotations[start : start + _AT_ONCE] for start in range(0, len(annotations), _AT_ONCE)] or [()]
