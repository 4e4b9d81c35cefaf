"""Projects and their sections as JSON."""

from typing import Any

from flask import Response, url_for

from taskapp.api.own import OwnBlueprint, answer_all, answer_one
from taskapp.auth.identity import current_actor
from taskapp.openapi import LOCATION, versioned
from taskapp.rest import versions_seen
from taskapp.schemas.projects import (
    OrderSchema,
    ProjectChangeSchema,
    ProjectCreateSchema,
    ProjectQuerySchema,
    ProjectSchema,
    SectionChangeSchema,
    SectionCreateSchema,
    SectionQuerySchema,
    SectionSchema,
)
from taskapp.services import projects

bp = OwnBlueprint("projects", __name__, description="Your projects, in your order.")
sections = OwnBlueprint("sections", __name__, description="The sections of your projects.")


@bp.route("", methods=["POST"])
@versioned
@bp.arguments(ProjectCreateSchema, example=ProjectCreateSchema.example)
@bp.response(201, ProjectSchema, example=ProjectSchema.example, headers=LOCATION)
def create_project(body: dict[str, Any]) -> Response:
    """Create a project

    It is the last of your projects.
    """
    row = projects.create(current_actor(), **body)
    here = url_for("projects.show_project", user_id=row.user_id, project_id=row.id)
    return answer_one(row, ProjectSchema, 201, location=here)


@bp.route("")
@versioned
@bp.arguments(ProjectQuerySchema, location="query", as_kwargs=True)
@bp.response(200, ProjectSchema(many=True), example=[ProjectSchema.example])
def list_projects(**query: Any) -> Response:
    """List your projects

    All of them, in your order.
    """
    return answer_all(projects.list_all(current_actor(), **query), ProjectSchema)


@bp.route("/<id:project_id>")
@versioned
@bp.response(200, ProjectSchema, example=ProjectSchema.example)
@bp.alt_response(404, "NOT_FOUND")
def show_project(project_id: int) -> Response:
    """Show a project

    Its `ETag` is what `If-Match` wants when you change it.
    """
    return answer_one(projects.show(current_actor(), project_id), ProjectSchema)


@bp.route("/<id:project_id>", methods=["PATCH"])
@versioned
@bp.arguments(ProjectChangeSchema, example=ProjectChangeSchema.example)
@bp.response(200, ProjectSchema, example=ProjectSchema.example)
@bp.alt_response(404, "NOT_FOUND")
def change_project(body: dict[str, Any], project_id: int) -> Response:
    """Change some of a project

    Absent members keep their value. One that is archived is out of the way, with its tasks.
    """
    row = projects.update(current_actor(), project_id, body, seen=versions_seen())
    return answer_one(row, ProjectSchema)


@bp.route("/<id:project_id>", methods=["DELETE"])
@versioned
@bp.response(204, description="It is in the trash, with its tasks.")
@bp.alt_response(404, "NOT_FOUND")
def delete_project(project_id: int) -> Response:
    """Delete a project

    It goes to the trash with its tasks, from where both can be restored for a while.
    """
    projects.delete(current_actor(), project_id, seen=versions_seen())
    return Response(status=204)


@bp.route("/<id:project_id>/move", methods=["POST"])
@versioned
@bp.arguments(OrderSchema, example=OrderSchema.example)
@bp.response(200, ProjectSchema, example=ProjectSchema.example)
@bp.alt_response(404, "NOT_FOUND")
def move_project(body: dict[str, Any], project_id: int) -> Response:
    """Put a project after another, or first

    The others stay as they are.
    """
    row = projects.move(current_actor(), project_id, body["after"], seen=versions_seen())
    return answer_one(row, ProjectSchema)


@sections.route("", methods=["POST"])
@versioned
@sections.arguments(SectionCreateSchema, example=SectionCreateSchema.example)
@sections.response(201, SectionSchema, example=SectionSchema.example, headers=LOCATION)
def create_section(body: dict[str, Any]) -> Response:
    """Create a section

    It is the last of its project.
    """
    row = projects.create_section(current_actor(), **body)
    here = url_for("sections.show_section", user_id=row.user_id, section_id=row.id)
    return answer_one(row, SectionSchema, 201, location=here)


@sections.route("")
@versioned
@sections.arguments(SectionQuerySchema, location="query")
@sections.response(200, SectionSchema(many=True), example=[SectionSchema.example])
def list_sections(query: dict[str, Any]) -> Response:
    """List the sections of a project, or of all

    In their order.
    """
    rows = projects.list_sections(current_actor(), query.get("project"))
    return answer_all(rows, SectionSchema)


@sections.route("/<id:section_id>")
@versioned
@sections.response(200, SectionSchema, example=SectionSchema.example)
@sections.alt_response(404, "NOT_FOUND")
def show_section(section_id: int) -> Response:
    """Show a section

    Its `ETag` is what `If-Match` wants when you change it.
    """
    return answer_one(projects.show_section(current_actor(), section_id), SectionSchema)


@sections.route("/<id:section_id>", methods=["PATCH"])
@versioned
@sections.arguments(SectionChangeSchema, example=SectionChangeSchema.example)
@sections.response(200, SectionSchema, example=SectionSchema.example)
@sections.alt_response(404, "NOT_FOUND")
def change_section(body: dict[str, Any], section_id: int) -> Response:
    """Change some of a section

    Absent members keep their value.
    """
    row = projects.update_section(current_actor(), section_id, body, seen=versions_seen())
    return answer_one(row, SectionSchema)


@sections.route("/<id:section_id>", methods=["DELETE"])
@versioned
@sections.response(204, description="It is gone; its tasks are in no section.")
@sections.alt_response(404, "NOT_FOUND")
def delete_section(section_id: int) -> Response:
    """Remove a section

    Its tasks stay in the project.
    """
    projects.delete_section(current_actor(), section_id, seen=versions_seen())
    return Response(status=204)


@sections.route("/<id:section_id>/move", methods=["POST"])
@versioned
@sections.arguments(OrderSchema, example=OrderSchema.example)
@sections.response(200, SectionSchema, example=SectionSchema.example)
@sections.alt_response(404, "NOT_FOUND")
def move_section(body: dict[str, Any], section_id: int) -> Response:
    """Put a section after another of its project, or first

    The others stay as they are.
    """
    row = projects.move_section(current_actor(), section_id, body["after"], seen=versions_seen())
    return answer_one(row, SectionSchema)
