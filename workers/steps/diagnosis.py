"""After an apply: what the source's own tool says of the target's records, asked on a copy of the live schema that holds them."""

from __future__ import annotations

from workers.core.errors import ExpectedError
from workers.core.names import Direction
from workers.core.plan import Plan
from workers.core.rollout import Rollout
from workers.ports import RecordDirection, RecordRequest, Services, Target
from workers.steps.evidence import context_of
from workers.steps.pulls import OpenPull
from workers.steps.target import reach
from workers.steps.verify import Row

_QUESTION = "The tool's own diagnosis, on a copy with these records"
_EXPECTED = "it agrees: nothing failed, nothing edited, pending is what the plan leaves"
_PUSHED = "it finds nothing between the models and the schema"


def diagnosed(opened: OpenPull, rollout: Rollout, plan: Plan, target: Target, services: Services) -> Row | None:
    """The tool's word as a line of the test sheet; None for a tool that has none. One that gave no answer is told as not asked."""
    module = opened.configuration.module(rollout.module) if opened.configuration else None
    environment = module.environment(rollout.environment) if module else None
    if module is None or environment is None:
        return None
    if module.pushes and plan.key.direction is Direction.ROLLBACK:
        return None  # what was pushed is still in the models, and is not to be there
    expected = _PUSHED if module.pushes else _EXPECTED
    try:
        database, _ = reach(environment, services)
        context = context_of(rollout, services)
        tree = services.code.checkout(opened.repository, context.base, context.head).merge
        source = next(
            (item for item in services.sources if tree and item.diagnoses(tree, module, database.engine)), None
        )
        if tree is None or source is None:
            return None
        table, _ = source.version_table(tree, module)
        with database.scratch(None).clone(target.dump((table,))) as copy:
            said = source.confirm(
                RecordRequest(
                    tree=tree,
                    module=module,
                    address=copy.address,
                    engine=database.engine,
                    direction=RecordDirection.UPGRADE,
                    to=plan.body.recorded_after,
                    done=plan.key.recorded,
                )
            )
    except ExpectedError as error:
        return Row(question=_QUESTION, expected=expected, found=f"not asked: {error.message}", good=True, asked=False)
    return Row(question=_QUESTION, expected=expected, found=said or "it agrees", good=not said)
