"""Many tasks at once, as JSON."""

from typing import Any

from flask import Response

from taskapp.api.own import OwnBlueprint
from taskapp.auth.identity import current_actor
from taskapp.domain.errors import Fault, RuleViolation
from taskapp.rest import STATUS_OF, answer, dump, render
from taskapp.schemas.bulk import (
    BulkSchema,
    DoneSchema,
    MatchingQuerySchema,
    MatchingSchema,
    OutcomesSchema,
)
from taskapp.schemas.tasks import TaskSchema
from taskapp.services import bulk
from taskapp.services.bulk import Outcome
from taskapp.services.filters import Filter

bp = OwnBlueprint("bulk", __name__, resource="tasks", description="Many tasks at once.")


@bp.route("/bulk", methods=["POST"])
@bp.arguments(BulkSchema, example=BulkSchema.example)
@bp.response(200, OutcomesSchema, example=OutcomesSchema.example)
@bp.alt_response(404, "NOT_FOUND")
@bp.alt_response(409, "CONFLICT")
def run_operations(body: dict[str, Any]) -> Response:
    """Do up to 100 things to tasks

    Each for itself: what is refused leaves the others alone, and says why in its result. Or, with
    `atomic`, all or none: then the first refusal is the answer. Either way it is one act, which is
    undone at once.
    """
    outcomes = bulk.run(current_actor(), body["operations"], atomic=body["atomic"])
    return answer(dump({"results": [_render(each) for each in outcomes]}))


@bp.route("/matching", methods=["POST"])
@bp.arguments(MatchingQuerySchema, location="query", as_kwargs=True)
@bp.arguments(MatchingSchema, example=MatchingSchema.example)
@bp.response(200, DoneSchema, example=DoneSchema.example)
@bp.alt_response(409, "CONFLICT")
def change_matching(body: dict[str, Any], **query: Any) -> Response:
    """Do the same to all tasks that match

    The query says which, as it does for the list; without one it is all of them. It is one act,
    which is undone at once.
    """
    subtasks = query.pop("subtasks", None)
    actor, values = current_actor(), body.get("values")
    try:
        count = bulk.act_on(actor, body["act"], Filter(**query), values=values, subtasks=subtasks)
    except RuleViolation as error:
        placed = (Fault(f"values/{f.field}", f.code, f.message) for f in error.faults)
        raise RuleViolation(*placed) from None
    return answer(dump({"count": count}))


def _render(outcome: Outcome) -> dict[str, Any]:
    if outcome.error is None:
        return {"status": 200, "task": render(outcome.task, TaskSchema)}
    error = outcome.error
    rendered: dict[str, Any] = {
        "status": STATUS_OF[type(error)],
        "code": error.code,
        "detail": error.message,
    }
    if isinstance(error, RuleViolation):
        rendered["errors"] = [
            {"pointer": f"/values/{f.field}", "code": f.code, "message": f.message}
            for f in error.faults
        ]
    return rendered
