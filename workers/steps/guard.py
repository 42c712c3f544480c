"""Look after our own comment: whoever edits it retires its codes, is named, and a fresh report follows."""

from __future__ import annotations

from dataclasses import replace

from workers.ports import Services
from workers.rendering.comments import tampered
from workers.rendering.views import NoticeView
from workers.steps.publish import body_hash, find_report
from workers.steps.pulls import OpenPull
from workers.steps.views import pull_url

_WITHDRAWN = "This report was edited by somebody else and is withdrawn; its codes no longer count. A fresh one follows."


def mend_report(opened: OpenPull, services: Services) -> bool:
    """Retire the codes and forget the report where its text is not what we wrote last; returns whether it was so."""
    if _is_ours(opened, services) or _is_ours(opened, services):
        return False
    withdraw_report(opened, services, "somebody")
    return True


def _is_ours(opened: OpenPull, services: Services) -> bool:
    """Whether the report reads as we wrote it; asked twice before anybody is accused, because we may be writing it at this moment."""
    known = services.store.pull(opened.repository.id, opened.pull.number).report_comment
    comment = find_report(opened, known, services) if known else None
    if comment is None:
        return True
    written = services.store.pull(opened.repository.id, opened.pull.number).report_text
    return not written or body_hash(comment.body) in written.split()


def withdraw_report(opened: OpenPull, services: Services, editor: str) -> None:
    """Retire the codes and forget the report that somebody edited; also one that reads as before by now: who knows what people read meanwhile."""
    memory = services.store.pull(opened.repository.id, opened.pull.number)
    services.store.retire_codes(opened.repository.id, opened.pull.number)
    comment = find_report(opened, memory.report_comment, services)
    if comment is None:
        return
    services.host.edit_comment(opened.repository, comment.id, _WITHDRAWN)
    services.store.remember_pull(replace(memory, report_comment=0, report_hash="", report_text=""))
    notice = NoticeView(by=editor, subject=comment.url, report_url=pull_url(opened, services.server_url))
    services.host.post_comment(opened.repository, opened.pull.number, tampered(notice))
