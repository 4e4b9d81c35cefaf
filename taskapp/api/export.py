"""All that is one's own, in one document to take along."""

from flask import Response

from taskapp import exports
from taskapp.api.own import OwnBlueprint
from taskapp.auth.identity import current_actor
from taskapp.extensions import trash_kept
from taskapp.schemas.export import ExportSchema

bp = OwnBlueprint("export", __name__, description="Taking along all that is yours.")

DISPOSITION = {
    "Content-Disposition": {
        "schema": {"type": "string"},
        "description": "`attachment`, and a name for the file.",
        "required": True,
    }
}


@bp.route("")
@bp.response(200, ExportSchema, example=ExportSchema.example, headers=DISPOSITION)
def export_everything() -> Response:
    """Export all that is yours

    Your account, projects, sections, labels, tasks, trash and activity in one document, as they
    are at one moment. It may be large: read it as a stream.
    """
    return exports.download(current_actor(), keep=trash_kept())
