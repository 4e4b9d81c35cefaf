"""What happened, as JSON: changes to follow, activity to look at, acts to undo."""

from typing import Any

from flask import Response

from taskapp.api.own import LINK, OwnBlueprint, answer_page, place_of
from taskapp.auth.identity import current_actor
from taskapp.openapi import versioned
from taskapp.rest import answer, dump, render
from taskapp.schemas.history import (
    ActivityQuerySchema,
    ChangesQuerySchema,
    ChangesSchema,
    EventSchema,
    UndoneSchema,
)
from taskapp.services import history

changes = OwnBlueprint("changes", __name__, description="Keeping a copy of yours current.")
activity = OwnBlueprint("activity", __name__, description="What happened.")
acts = OwnBlueprint("acts", __name__, description="Taking back what was done.")


@changes.route("")
@changes.arguments(ChangesQuerySchema, location="query")
@changes.response(200, ChangesSchema, example=ChangesSchema.example)
@changes.alt_response(410, "GONE")
def list_changes(query: dict[str, Any]) -> Response:
    """List what changed since

    To keep a copy: ask without `since`, and keep `position`; read your lists; then ask with
    `since` for what changed from there on, again and again. Put `after` of each event into your
    copy in the order in which they come; what is `removed` is gone. No change is left out, and none
    comes twice. 410 means that so old a history is no longer kept: begin again.
    """
    actor = current_actor()
    if "since" not in query:
        return answer(dump({"events": [], "position": history.position(actor), "more": False}))
    found = history.changes(actor, query["since"], limit=query["limit"])
    events = [render(event, EventSchema) for event in found.events]
    return answer(dump({"events": events, "position": found.position, "more": found.more}))


@activity.route("")
@versioned
@activity.arguments(ActivityQuerySchema, location="query")
@activity.response(200, EventSchema(many=True), example=[EventSchema.example], headers=LINK)
def list_activity(query: dict[str, Any]) -> Response:
    """List what happened, the last first

    To all that is yours, or to one task.
    """
    actor, task_id = current_actor(), query.pop("task", None)
    scope = [actor.id, "activity", task_id]
    page = history.activity(actor, task_id=task_id, **place_of(query, *scope))
    return answer_page(page, EventSchema, *scope)


@acts.route("/<id:act_id>/undo", methods=["POST"])
@acts.response(200, UndoneSchema, example=UndoneSchema.example)
@acts.alt_response(404, "NOT_FOUND")
@acts.alt_response(409, "CONFLICT")
def undo_act(act_id: int) -> Response:
    """Undo what was done

    All that one request did is one act; its answer bears the id as `X-Act-ID`. What has changed
    since stays as it is. Undoing is an act as well, and can be undone.
    """
    return answer(dump({"count": history.undo(current_actor(), act_id)}))
