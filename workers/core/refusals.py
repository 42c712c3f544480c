"""The closed list of reasons for which something is not done, and what a refusal says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RefusalCode(StrEnum):
    """Stable codes; docs/refusals.md documents each with its way out. Codes may be added, never changed or removed."""

    NEEDS_APPROVAL = "needs_approval"
    NOT_AUTHORISED = "not_authorised"
    AUTHOR_MAY_NOT_APPROVE = "author_may_not_approve"
    APPROVAL_EXPIRED = "approval_expired"
    APPROVAL_REVOKED = "approval_revoked"
    ALREADY_APPLIED = "already_applied"
    NOTHING_TO_APPLY = "nothing_to_apply"
    APPLY_IN_PROGRESS = "apply_in_progress"
    PLAN_CHANGED = "plan_changed"
    TARGET_CHANGED = "target_changed"
    PLAN_CODE_REQUIRED = "plan_code_required"
    UNKNOWN_PLAN_CODE = "unknown_plan_code"
    PLAN_INCOMPLETE = "plan_incomplete"
    PLAN_UNREADABLE = "plan_unreadable"
    COMMENT_TAMPERED = "comment_tampered"
    DESTRUCTIVE_NOT_ALLOWED = "destructive_not_allowed"
    BACKUP_NOT_CONFIRMED = "backup_not_confirmed"
    DRIFT_PRESENT = "drift_present"
    ENVIRONMENT_ORDER = "environment_order"
    ENVIRONMENT_HELD = "environment_held"
    OUTSIDE_HOURS = "outside_hours"
    REJECTED = "rejected"
    FORK_PULL = "fork_pull"
    PULL_CLOSED = "pull_closed"
    BASE_NOT_ALLOWED = "base_not_allowed"
    MERGE_CONFLICT = "merge_conflict"
    SEVERAL_HEADS = "several_heads"
    EDITED_MIGRATION = "edited_migration"
    FAILED_MIGRATION = "failed_migration"
    UNKNOWN_REVISION = "unknown_revision"
    APPLIED_UNMERGED = "applied_unmerged"
    BASELINE_NEEDED = "baseline_needed"
    SOURCE_AMBIGUOUS = "source_ambiguous"
    UNDECLARED_CHANGES = "undeclared_changes"
    DATA_DEPENDENT = "data_dependent"
    PROBE_FAILED = "probe_failed"
    REHEARSAL_FAILED = "rehearsal_failed"
    RECORDING_MISMATCH = "recording_mismatch"
    RULE_ERROR = "rule_error"
    STATEMENT_FORBIDDEN = "statement_forbidden"
    STRATEGY_NOT_ALLOWED = "strategy_not_allowed"
    UNREAD_OBJECT = "unread_object"
    VERIFY_MISMATCH = "verify_mismatch"
    LOCK_UNSAFE = "lock_unsafe"
    SANDBOX_UNAVAILABLE = "sandbox_unavailable"
    DEPENDENCIES_UNAVAILABLE = "dependencies_unavailable"
    CHECKOUT_FAILED = "checkout_failed"
    TOO_LARGE = "too_large"
    TARGET_UNREACHABLE = "target_unreachable"
    TARGET_VERSION_UNSUPPORTED = "target_version_unsupported"
    ENGINE_MISMATCH = "engine_mismatch"
    UNKNOWN_ENVIRONMENT = "unknown_environment"
    MODULE_REQUIRED = "module_required"
    COMMAND_NOT_ALLOWED = "command_not_allowed"
    COMMAND_NOT_ALONE = "command_not_alone"
    COMMAND_MALFORMED = "command_malformed"
    DRAFT_PULL = "draft_pull"
    POOLED_CONNECTION = "pooled_connection"
    REPOSITORY_CHANGED = "repository_changed"
    CONFIG_INVALID = "config_invalid"
    NOT_CONFIGURED = "not_configured"


class Actor(StrEnum):
    """Who can remove a refusal."""

    AUTHOR = "author"
    APPROVER = "approver"
    OPERATOR = "operator"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One reason, in words for people: what is so (`message`), and the way forward (`fix`)."""

    code: RefusalCode
    message: str
    fix: str
    actor: Actor = Actor.AUTHOR
    path: str | None = None
    line: int | None = None
