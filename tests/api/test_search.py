"""GET /api/{user_id}/tasks?q="""

from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from ..callers import Caller, assert_problem


def found(caller: Caller, q: str, more: str = "") -> list[str]:
    """The titles of what a search finds."""
    response = caller.get(f"/tasks?sort=title&q={quote(q)}{more}")
    assert response.status_code == 200, response.text
    return [task["title"] for task in response.json]


@pytest.mark.parametrize(
    ("q", "titles"),
    [
        ("", ["a letter", "b call", "c rest"]),
        ("  ", ["a letter", "b call", "c rest"]),
        ("letter", ["a letter"]),
        ("compiler", ["a letter", "b call"]),
        ("LETTER", ["a letter"]),
        ("ette", ["a letter"]),
        ("compiler letter", ["a letter"]),
        ("letter compiler", ["a letter"]),
        ("  grace\t the  ", ["a letter"]),
        ("letter call", []),
        ("about compiler", ["b call"]),
        ("nothing", []),
    ],
)
def test_all_the_words_are_in_title_or_description_in_any_order(
    alice: Caller, q: str, titles: list[str]
) -> None:
    alice.add_task("a letter", description="To Grace, on the compiler.")
    alice.add_task("b call", description="Ask about\nthe compiler.")
    alice.add_task("c rest")
    assert found(alice, q) == titles


@pytest.mark.parametrize(
    ("text", "q"),
    [
        ("ÄRZTE anrufen", "ärzte"),
        ("ärzte anrufen", "ÄRZTE"),
        ("Straße fegen", "straße"),
        ("Straße fegen", "STRAßE"),
        ("Улица", "УЛИЦА"),
        ("ΟΔΟΣ", "οδό"[:2]),
        ("ΟΔΟΣ", "ΟΔΟΣ"),
        ("οδος", "ΟΔΟΣ"),
        ("Çay", "çay"),
        ("買い物", "買い"),
        ("🙂 smile", "🙂"),
        # A Kelvin sign is no k, but becomes one without its case.
        ("5 \u212a", "5 k"),
        ("5 k", "5 \u212a"),
        ("Café at Kew", "kew"),
    ],
)
def test_case_makes_no_difference_in_any_alphabet(alice: Caller, text: str, q: str) -> None:
    alice.add_task(text)
    alice.add_task("~", description=text)
    alice.add_task("neither")
    assert sorted(found(alice, q)) == sorted([text, "~"])


@pytest.mark.parametrize("sign", ["%", "_", "\\", "/", "'", '"', "*", "?", "[", "\\%", "%%"])
def test_signs_that_databases_treat_specially_are_plain(alice: Caller, sign: str) -> None:
    alice.add_task("plain words")
    alice.add_task(f"50{sign}0 words")
    assert found(alice, sign) == [f"50{sign}0 words"]
    assert found(alice, f"50{sign}0 words") == [f"50{sign}0 words"]
    assert found(alice, f"p{sign}n") == []


def test_a_search_is_filtered_by_completion(alice: Caller) -> None:
    alice.add_task("a word")
    alice.add_task("b word", completed=True)
    alice.add_task("c else", completed=True)
    assert found(alice, "word", "&completed=true") == ["b word"]
    assert found(alice, "word", "&completed=false") == ["a word"]


def test_what_is_in_the_trash_is_not_found(alice: Caller) -> None:
    task = alice.add_task("word")
    alice.delete(f"/tasks/{task['id']}")
    assert found(alice, "word") == []


def test_the_pages_of_a_search_follow_one_another(alice: Caller) -> None:
    for title in ("word a", "other", "word b", "word c"):
        alice.add_task(title)
    titles, path = [], "/tasks?q=word&limit=1"
    while path:
        page = alice.get(path)
        titles += [task["title"] for task in page.json]
        path = page.headers.get("Link", "").split(">")[0].removeprefix("</api")
    assert titles == ["word c", "word b", "word a"]


@pytest.mark.parametrize("query", ["q=other", "", "q=word&completed=false", "q=word&sort=title"])
def test_a_cursor_belongs_to_its_search(alice: Caller, query: str) -> None:
    alice.add_task("word")
    alice.add_task("word")
    cursor = alice.get("/tasks?q=word&limit=1").headers["Link"].split("cursor=")[1].split(">")[0]
    assert alice.get(f"/tasks?q=word&cursor={cursor}").status_code == 200
    refused = alice.get(f"/tasks?{query}&cursor={cursor}")
    assert_problem(refused, 422, "invalid", ("cursor", "cursor"))


def test_a_nul_cannot_be_searched_for(alice: Caller) -> None:
    assert_problem(alice.get("/tasks?q=a%00b"), 422, "invalid", ("q", "unstorable"))


def test_bytes_that_are_no_text_find_nothing(alice: Caller) -> None:
    alice.add_task("word")
    assert alice.get("/tasks?q=%ff%fe").json == []


def test_a_search_has_200_characters_at_most_as_the_documentation_says(alice: Caller) -> None:
    assert found(alice, "x" * 200) == []
    response = alice.get(f"/tasks?q={'x' * 201}")
    assert_problem(response, 422, "invalid", ("q", "too_long"))


def test_a_search_of_very_many_words_does_not_break_the_database(alice: Caller) -> None:
    assert alice.get("/tasks?q=" + "+".join("x" * 2000)).status_code < 500


def test_nobody_searches_anothers_tasks(alice: Caller, bob: Caller, client: FlaskClient) -> None:
    alice.add_task("word")
    assert found(bob, "word") == []
    assert_problem(bob.get(f"/{alice.id}/tasks?q=word"), 403, "permission_denied")
    assert_problem(client.get(f"/api/{alice.id}/tasks?q=word"), 401, "token_missing")
