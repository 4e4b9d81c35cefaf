"""Labels: all of them, and what becomes of one."""

from flask import Response, url_for
from werkzeug import Response as BaseResponse
from wtforms.fields.choices import SelectChoice

from taskapp.auth.identity import current_browser
from taskapp.domain.errors import Conflict, Fault, RuleViolation, StaleVersion
from taskapp.services import glance, labels
from taskapp.web.blueprint import back_to, bp, notice, page
from taskapp.web.organising_forms import AddLabelForm, LabelForm, MergeForm
from taskapp.web.projects import stale


@bp.get("/labels")
def list_labels() -> Response:
    """Show one's labels by name."""
    return _show_all(AddLabelForm(formdata=None))


@bp.post("/labels")
def add_label() -> BaseResponse:
    """Make a label."""
    form, status = AddLabelForm(), 422
    try:
        if form.validate():
            labels.create(current_browser().actor, **form.values())
            return back_to(url_for("web.list_labels"))
    except RuleViolation as error:
        form.show(*error.faults)
    except Conflict as error:
        status = _taken(form, error)
    return _show_all(form, status)


@bp.get("/labels/<id:label_id>/edit")
def show_label_edit(label_id: int) -> Response:
    """Show a label as a form."""
    label = labels.show(current_browser().actor, label_id)
    return page("web/label_edit.html", label=label, form=LabelForm(None, obj=label))


@bp.post("/labels/<id:label_id>/edit")
def edit_label(label_id: int) -> BaseResponse:
    """Change a label's name or colour."""
    actor, form = current_browser().actor, LabelForm()
    label, status = labels.show(actor, label_id), 422
    try:
        if form.validate():
            labels.update(actor, label_id, form.values(), seen=form.versions_seen())
            return back_to(url_for("web.list_labels"))
    except RuleViolation as error:
        form.show(*error.faults)
    except Conflict as error:
        status = _taken(form, error)
    except StaleVersion:
        status = stale(form, labels.show(actor, label_id))
    return page("web/label_edit.html", status, label=label, form=form)


@bp.post("/labels/<id:label_id>/delete")
def delete_label(label_id: int) -> BaseResponse:
    """Remove a label from all tasks, and altogether."""
    label = labels.delete(current_browser().actor, label_id)
    notice(f"Deleted label “{label.name}”. Its tasks are still there.", undoable=True)
    return back_to(url_for("web.list_labels"))


@bp.get("/labels/<id:label_id>/merge")
def show_merge(label_id: int) -> Response:
    """Ask which label is to stay."""
    return _show_merge(label_id, MergeForm(formdata=None))


@bp.post("/labels/<id:label_id>/merge")
def merge_label(label_id: int) -> BaseResponse:
    """Give another label to all tasks of this one, which goes."""
    actor, form = current_browser().actor, MergeForm()
    label = labels.show(actor, label_id)
    _offer(form, label_id)
    try:
        if form.validate():
            other = labels.merge(actor, label_id, form.into.data)
            notice(f"Merged “{label.name}” into “{other.name}”.", undoable=True)
            return back_to(url_for("web.list_labels"))
    except RuleViolation as error:
        form.show(*error.faults)
    return _show_merge(label_id, form, 422)


def _show_all(form: AddLabelForm, status: int = 200) -> Response:
    actor = current_browser().actor
    open_with = glance.count_labelled(actor)
    found = labels.list_all(actor)
    return page("web/labels.html", status, labels=found, open_with=open_with, form=form)


def _show_merge(label_id: int, form: MergeForm, status: int = 200) -> Response:
    label = labels.show(current_browser().actor, label_id)
    _offer(form, label_id)
    return page("web/label_merge.html", status, label=label, form=form)


def _offer(form: MergeForm, label_id: int) -> None:
    others = [each for each in labels.list_all(current_browser().actor) if each.id != label_id]
    form.into.choices = [SelectChoice(str(each.id), each.name) for each in others]


def _taken(form: AddLabelForm | LabelForm, error: Conflict) -> int:
    form.show(Fault("name", error.code, error.message))
    return 409
