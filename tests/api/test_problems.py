"""What every door under /api answers to a request that makes no sense."""

import pytest

from ..callers import Caller, assert_problem


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"{'title': 'x'}",
        b'{"title": NaN}',
        b'{"title": Infinity}',
        b'{"title": "x"} trailing',
        b"\xff\xfe",
        '{"title": "x"}'.encode("utf-16"),
        b'\xef\xbb\xbf{"title": "x"}',
        b"[" * 100_000,
        b'{"title": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_body_that_is_not_json_is_refused(alice: Caller, body: bytes) -> None:
    response = alice.call("POST", "/tasks", data=body, content_type="application/json")
    assert_problem(response, 400, "bad_request")


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json", "", "x"],
)
def test_another_media_type_is_refused(alice: Caller, media_type: str) -> None:
    response = alice.call("POST", "/tasks", data='{"title": "x"}', content_type=media_type)
    assert_problem(response, 415, "unsupported_media_type")


def test_a_media_type_may_have_parameters(alice: Caller) -> None:
    response = alice.call(
        "POST", "/tasks", data='{"title": "é"}', content_type="application/json; charset=utf-8"
    )
    assert response.status_code == 201


def test_a_body_may_have_a_mebibyte_and_no_more(alice: Caller) -> None:
    padded = b'{"title": "x"}'.ljust(1_048_576)
    fits = alice.call("POST", "/tasks", data=padded, content_type="application/json")
    assert fits.status_code == 201

    response = alice.call("POST", "/tasks", data=padded + b" ", content_type="application/json")
    assert_problem(response, 413, "request_entity_too_large")


def test_an_address_that_is_not_there_is_a_problem_too(alice: Caller) -> None:
    assert_problem(alice.get("/nothing/here"), 404, "not_found")


def test_a_wrong_method_is_told_the_right_ones(alice: Caller) -> None:
    response = alice.call("DELETE", "/tasks")
    assert_problem(response, 405, "method_not_allowed")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_problem_names_the_request_as_its_header_does(alice: Caller) -> None:
    one, two = alice.get("/nothing"), alice.get("/nothing")
    assert one.json is not None
    assert one.json["instance"] == "/api/nothing"
    assert one.headers["X-Request-ID"] != two.headers["X-Request-ID"]


def test_outside_the_api_an_error_is_a_page(alice: Caller) -> None:
    response = alice.client.get("/nothing")
    assert response.status_code == 404
    assert response.content_type == "text/html; charset=utf-8"
    assert response.headers["X-Request-ID"] in response.text
