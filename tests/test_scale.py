"""Views of accounts with very many tasks: read from indexes in their order, wherever one looks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask_migrate import upgrade
from psycopg.sql import Literal

from taskapp.db import db, reader
from taskapp.domain.actors import Standing
from taskapp.engine import within
from taskapp.services import glance, tasks
from taskapp.services.filters import ALL, NUMBERED, Filter

from .conftest import NewApp, NewDatabase
from .crowds import PAGE, TODAY, TOMORROW, VIEWS, Account, View, add_account, end_of, settle
from .test_indexes import Statement, indexes, kinds, nodes, only_postgresql, recorded

SIZE, OTHERS = 100_000, (10_000,) * 10
# How many more blocks a page may cost far down than at the start, or among many tasks than among
# few: those of a deeper index, for each row; and where rows lie apart that lie together in the
# other, a block for each of them, and for the one that tells whether there are more.
FACTOR, APART = 2, PAGE + 1

only_sqlite = pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
every_view = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)


@dataclass(frozen=True)
class Crowd:
    """One with very many tasks, who was here before the others, and one with a tenth of that."""

    large: Account
    small: Account


@pytest.fixture(scope="module")
def crowd(new_database: NewDatabase, new_app: NewApp) -> Iterator[Crowd]:
    """200,000 tasks, half of which are one person's."""
    app = new_app(new_database())
    with app.app_context():
        upgrade()
        with within(0), db.engine.begin() as connection:
            large, *others = [
                add_account(connection, f"user{number}@example.com", size)
                for number, size in enumerate((SIZE, *OTHERS))
            ]
        if db.engine.dialect.name == "postgresql":
            settle()
        yield Crowd(large, others[4])


def ask(view: View, account: Account, pages: int) -> Statement:
    """The query for the page after so many; it is full."""
    after = end_of(view, account, PAGE * pages) if pages else None
    with recorded() as statements:
        page = view.ask(account, PAGE, after)
    assert (len(page.rows), page.end is None) == (PAGE, False)
    return statements[-1]


def analyse(statement: Statement) -> dict[str, Any]:
    """The plan of a query that has been read before, and what it cost."""
    sql, values = statement
    with db.engine.connect() as connection:
        explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}"
        result = connection.exec_driver_sql(explain, values)
        plan: dict[str, Any] = result.scalar_one()[0]["Plan"]
        return plan


def analyse_as_planned_once(statement: Statement) -> dict[str, Any]:
    """The same by the plan that serves whatever values, which a server may keep to."""
    sql, values = statement
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", sql)))
    for number, name in enumerate(names, 1):
        sql = sql.replace(f"%({name})s", f"${number}")
    said = ", ".join(Literal(values[name]).as_string() for name in names)
    with db.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
        connection.exec_driver_sql(f"PREPARE once AS {sql}")
        explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE once({said})"
        plan: dict[str, Any] = connection.exec_driver_sql(explain).scalar_one()[0]["Plan"]
        connection.exec_driver_sql("DEALLOCATE once")
        return plan


def blocks(plan: dict[str, Any]) -> int:
    """How many blocks were looked at."""
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def every_node(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's nodes, whatever they are for."""
    yield plan
    for below in plan.get("Plans", []):
        yield from every_node(below)


def assert_read_in_order(plan: dict[str, Any], view: View) -> None:
    """A page comes from the view's index, row by row, and no other table is read as a whole."""
    found = list(nodes(plan))
    assert not kinds(found) & {"Sort", "Incremental Sort", "Bitmap Heap Scan"}, found
    # The few projects of a person may well be read at once.
    scanned = {node["Relation Name"] for node in found if "Seq Scan" in node["Node Type"]}
    assert scanned <= {"project"}, found
    assert indexes(found) & view.indexes, indexes(found)


@only_postgresql
@every_view
def test_the_first_and_the_thousandth_page_are_read_alike(crowd: Crowd, view: View) -> None:
    first, far = (analyse(ask(view, crowd.large, pages)) for pages in (0, 999))
    for plan in (first, far):
        assert_read_in_order(plan, view)
    assert blocks(far) <= FACTOR * blocks(first) + APART, (blocks(first), blocks(far))


@only_postgresql
@every_view
@pytest.mark.parametrize("pages", [0, 999])
def test_a_page_is_read_alike_where_it_is_planned_once_for_everybody(
    crowd: Crowd, view: View, pages: int
) -> None:
    statement = ask(view, crowd.large, pages)
    anew, once = analyse(statement), analyse_as_planned_once(statement)
    assert_read_in_order(once, view)
    assert blocks(once) <= FACTOR * blocks(anew) + APART, (blocks(anew), blocks(once))


@only_postgresql
@every_view
def test_a_page_costs_no_more_where_there_is_ten_times_as_much(crowd: Crowd, view: View) -> None:
    small, large = (analyse(ask(view, each, 0)) for each in (crowd.small, crowd.large))
    assert blocks(large) <= FACTOR * blocks(small) + APART, (blocks(small), blocks(large))


@only_postgresql
def test_what_is_at_a_glance_is_counted_from_indexes_alone(crowd: Crowd) -> None:
    with recorded() as statements:
        seen = [glance.look(each.actor, TODAY, ALL) for each in (crowd.small, crowd.large)]
    assert {each.open for each in seen[1].projects.values()} == {glance.COUNT_MOST}
    small, large = map(analyse, statements)
    of_tasks = [node for node in every_node(large) if node.get("Relation Name") == "task"]
    # Whether what is due can be begun, and is in an archived project, is in no index.
    due = [node for node in of_tasks if "agenda" in str(node)]
    assert kinds([each for each in of_tasks if each not in due]) == {"Index Only Scan"}
    assert blocks(large) <= FACTOR * blocks(small) + APART, (blocks(small), blocks(large))


@only_postgresql
def test_what_is_at_a_glance_is_planned_once(crowd: Crowd) -> None:
    for _ in range(20):
        glance.look(crowd.large.actor, TODAY, ALL)
    planned = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE"
    with reader().connect() as connection:
        found = connection.exec_driver_sql(f"{planned} 'SELECT ''inbox''%%'").all()
    # Behind a pooler nothing is prepared.
    assert all(row.generic_plans > row.custom_plans for row in found), found


@pytest.mark.parametrize("is_sure", [True, False])
def test_whether_an_account_may_act_is_asked_once(crowd: Crowd, is_sure: bool) -> None:
    actor = replace(crowd.small.actor, standing=Standing(is_sure=is_sure))
    with recorded() as statements:
        tasks.show(actor, tasks.list_page(actor, limit=1).rows[0].id)
    assert ["is_active" in sql for sql, _ in statements] == [not is_sure, False]


@pytest.mark.parametrize("name", NUMBERED)
def test_one_statement_serves_whatever_id_is_asked_for(crowd: Crowd, name: str) -> None:
    with recorded() as statements:
        for number in (1, 2):
            some: dict[str, Any] = {name: number}
            tasks.list_page(crowd.small.actor, Filter(**some, due_to=TODAY))
            tasks.count(crowd.small.actor, Filter(**some))
    (list_1, values_1), (count_1, _), (list_2, values_2), (count_2, _) = statements
    assert (list_1, count_1) == (list_2, count_2)
    assert values_1 != values_2


@pytest.mark.parametrize("words", ["", "to do"])
def test_the_lists_of_a_project_are_read_at_once_and_as_each_by_itself(
    crowd: Crowd, words: str
) -> None:
    actor, limit = crowd.small.actor, 5
    place = Filter(project=crowd.small.project, section="none", q=words)
    sections = [replace(place, section=crowd.small.section + more) for more in (0, 1)]
    lists = [place, *sections]
    with recorded() as statements:
        together = tasks.list_first_pages(actor, lists, sort="rank", limit=limit)
        tasks.list_first_pages(actor, [place, *reversed(sections)], sort="rank", limit=limit)
    (first, values_1), (second, values_2) = statements
    assert (first == second, values_1 != values_2) == (True, True)
    by_themselves = [tasks.list_page(actor, each, sort="rank", limit=limit) for each in lists]
    shown = [[row.id for row in page.rows] for page in by_themselves]
    assert [[row.id for row in page.rows] for page in together] == shown
    assert [page.end for page in together] == [page.end for page in by_themselves]
    assert [len(ids) for ids in shown] == [limit, limit, 0]


@only_sqlite
@every_view
@pytest.mark.parametrize("pages", [0, 999])
def test_sqlite_reads_a_page_in_its_order_too(crowd: Crowd, view: View, pages: int) -> None:
    sql, values = ask(view, crowd.large, pages)
    with db.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        # All that was found, and nothing else, is gathered into one row.
        steps = [row.detail for row in rows if row.detail != "SCAN found"]
    assert not [step for step in steps if "TEMP B-TREE" in step or step.startswith("SCAN")], steps
    used = {found[1] for step in steps if (found := re.search("INDEX ([a-z_]+)", step))}
    assert used & view.indexes, steps


@every_view
def test_a_page_far_down_goes_on_where_the_one_before_it_ends(crowd: Crowd, view: View) -> None:
    all_at_once = view.ask(crowd.large, PAGE * 1000, None).rows
    page = view.ask(crowd.large, PAGE, end_of(view, crowd.large, PAGE * 999))
    assert [row.id for row in page.rows] == [row.id for row in all_at_once[-PAGE:]]
    assert {row.user_id for row in page.rows} == {crowd.large.actor.id}


COUNTED = {
    "Inbox": Filter(project="inbox", parent="none"),
    "Today": Filter(completed=False, due_to=TODAY, started_by=TODAY, archived=False),
    "Upcoming": Filter(completed=False, due_from=TOMORROW, archived=False),
    "all": Filter(),
    "a label": Filter(label=0),
}


@only_postgresql
@pytest.mark.parametrize("name", COUNTED)
def test_counting_stops_where_nobody_looks_any_more(crowd: Crowd, name: str) -> None:
    filter_ = COUNTED[name]
    if filter_.label is not None:
        filter_ = Filter(label=crowd.large.old)
    with recorded() as statements:
        counts = tasks.count(crowd.large.actor, filter_)
    most = tasks.COUNT_MOST
    assert (counts.open, counts.done) == (most, most if filter_.completed is None else 0)
    plan = analyse(statements[-1])
    # Every task's row in a block of its own would be the worst.
    assert blocks(plan) <= FACTOR * (counts.open + counts.done), blocks(plan)


@only_postgresql
def test_the_subtasks_of_a_task_are_found_by_their_parent(crowd: Crowd) -> None:
    with recorded() as statements:
        found = tasks.list_subtasks(crowd.large.actor, crowd.large.task)
    assert len(found) == 50
    for statement in statements[:2]:
        plan = analyse(statement)
        assert "Seq Scan" not in kinds(list(nodes(plan)))
        assert blocks(plan) <= FACTOR * 4 * 50
