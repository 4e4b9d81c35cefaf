"""What every error of the API looks like (RFC 9457)."""

from marshmallow import fields

from taskapp.schemas.base import Schema


class FaultSchema(Schema):
    """One fault in what was sent: in the body at `pointer`, the query's `parameter`, a `header`."""

    pointer = fields.String(metadata={"description": "JSON Pointer (RFC 6901) into the body."})
    parameter = fields.String(metadata={"description": "Name of the query parameter."})
    header = fields.String(metadata={"description": "Name of the header."})
    code = fields.String(required=True, metadata={"description": "For programs; stable."})
    message = fields.String(required=True, metadata={"description": "For people."})
    example = {"pointer": "/title", "code": "blank", "message": "Give the task a title."}


class ProblemSchema(Schema):
    """Why a request was refused."""

    type = fields.String(required=True, metadata={"description": "A URI; `about:blank`."})
    title = fields.String(required=True, metadata={"description": "The status in words."})
    status = fields.Integer(
        required=True, metadata={"description": "The HTTP status, repeated here."}
    )
    detail = fields.String(required=True, metadata={"description": "What to do about it."})
    instance = fields.String(required=True, metadata={"description": "The path requested."})
    code = fields.String(required=True, metadata={"description": "For programs; stable."})
    request_id = fields.String(
        required=True, metadata={"description": "Names this request in the log."}
    )
    errors = fields.List(
        fields.Nested(FaultSchema), metadata={"description": "Each fault, at a 422."}
    )
    example = {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "Some values are not acceptable.",
        "instance": "/api/1/tasks",
        "code": "invalid",
        "request_id": "2f1c6d0e8d1b4c5f9a3b7e6d5c4b3a29",
        "errors": [FaultSchema.example],
    }
