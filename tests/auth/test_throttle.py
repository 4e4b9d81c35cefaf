"""Limits on failed logins."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ..callers import PASSWORD, Caller, assert_problem
from ..servers.processes import free_port
from ..servers.redis import RedisServer, redis
from .conftest import Variant

PER_ADDRESS, PER_CLIENT = 3, 6
LIMITS = {
    "LOGIN_LIMIT_PER_ADDRESS": f"{PER_ADDRESS} per hour",
    "LOGIN_LIMIT_PER_CLIENT": f"{PER_CLIENT} per hour",
}
# The documentation's networks (RFC 5737, RFC 3849).
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.4"


@pytest.fixture
def limited(variant: Variant, alice: Caller, bob: Caller) -> FlaskClient:
    """A client of an application with small limits, on which Alice and Bob have accounts."""
    return variant(**LIMITS).test_client()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """An empty Redis, which the test may stop."""
    with redis() as server:
        yield server


def log_in(
    client: FlaskClient,
    email: object = "alice@example.com",
    password: str = "a wrong guess",
    *,
    client_address: str = HERE,
    forwarded: str | None = None,
) -> TestResponse:
    return client.post(
        "/api/auth/login",
        json={"email": email, "password": password},
        environ_base={"REMOTE_ADDR": client_address},
        headers={"X-Forwarded-For": forwarded} if forwarded else {},
    )


def assert_limited(response: TestResponse) -> None:
    problem = assert_problem(response, 429, "too_many_failures")
    seconds = int(response.headers["Retry-After"])
    assert 0 < seconds <= 3601
    assert problem["detail"] == f"Too many failures. Try again in {seconds} seconds."


def exhaust(client: FlaskClient, email: str = "alice@example.com", *addresses: str) -> None:
    """Fail as often for one address as is allowed, from client addresses in turn."""
    for number in range(PER_ADDRESS):
        where = addresses[number % len(addresses)] if addresses else HERE
        response = log_in(client, email, client_address=where)
        assert_problem(response, 401, "credentials_wrong")


def test_guesses_at_one_address_end_at_the_limit(limited: FlaskClient) -> None:
    exhaust(limited)
    assert_limited(log_in(limited))
    assert_limited(log_in(limited, client_address=ELSEWHERE))


def test_the_right_password_is_refused_too_while_the_limit_lasts(limited: FlaskClient) -> None:
    exhaust(limited)
    assert_limited(log_in(limited, password=PASSWORD))


def test_an_address_without_an_account_is_limited_alike(limited: FlaskClient) -> None:
    exhaust(limited, "nobody@example.com")
    assert_limited(log_in(limited, "nobody@example.com"))


def test_another_address_is_not_affected(limited: FlaskClient) -> None:
    exhaust(limited)
    assert log_in(limited, "bob@example.com", PASSWORD).status_code == 200


def test_spellings_of_one_address_count_together(limited: FlaskClient) -> None:
    for spelling in ("ALICE@example.com", " alice@Example.com\n", "alice@example。com"):
        assert_problem(log_in(limited, spelling), 401, "credentials_wrong")
    assert_limited(log_in(limited, "Alice@Example.Com"))


def test_spellings_of_a_unicode_domain_count_together(limited: FlaskClient) -> None:
    for spelling in ("a@bücher.example.com", "a@BU\u0308CHER.example.com"):
        assert_problem(log_in(limited, spelling), 401, "credentials_wrong")
    assert_problem(log_in(limited, "A@xn--bcher-kva.example.com"), 401, "credentials_wrong")
    assert_limited(log_in(limited, "a@bücher.example.com"))


def test_how_the_body_is_written_makes_no_difference(limited: FlaskClient) -> None:
    exhaust(limited)
    escaped = '{"password": "x", "email": "bob@example.com", "email": "\\u0061lice@example.com"}'
    response = limited.post(
        "/api/auth/login", data=escaped, content_type="application/json; charset=utf-8"
    )
    assert_limited(response)


def test_guesses_from_one_client_end_at_the_limit(limited: FlaskClient) -> None:
    for number in range(PER_CLIENT):
        response = log_in(limited, f"person{number}@example.com")
        assert_problem(response, 401, "credentials_wrong")
    assert_limited(log_in(limited, "bob@example.com"))
    assert_limited(log_in(limited, "bob@example.com", PASSWORD))
    assert log_in(limited, "bob@example.com", PASSWORD, client_address=ELSEWHERE).status_code == 200


def test_words_that_are_no_address_are_limited_by_client(limited: FlaskClient) -> None:
    outcomes = [log_in(limited, f"word{number}").status_code for number in range(PER_CLIENT + 1)]
    assert set(outcomes) == {401, 429}
    assert outcomes[-1] == 429


def test_logins_that_succeed_are_not_counted(limited: FlaskClient) -> None:
    for _ in range(PER_CLIENT + 1):
        assert log_in(limited, password=PASSWORD).status_code == 200
    exhaust(limited)
    assert_limited(log_in(limited))


def test_malformed_requests_are_not_counted_and_never_fail(limited: FlaskClient) -> None:
    bodies = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"5",
        b'"alice@example.com"',
        b"\xff\xfe",
        b'{"email": 5}',
        b'{"email": {"a": 1}, "password": "x"}',
        b'{"email": ["alice@example.com"], "password": "x"}',
        b'{"email": null, "password": null}',
        b'{"email": "\\ud800@example.com", "password": "x"}',
        b'{"email": "a\\u0000@example.com", "password": "x"}',
        b'{"email": NaN}',
        b'{"email": 1e999, "password": "x"}',
        b'{"email": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ]
    for body in bodies:
        response = limited.post("/api/auth/login", data=body, content_type="application/json")
        assert response.status_code in (400, 422), body[:60]
        response = limited.post("/api/auth/login", data=body, content_type="text/plain")
        assert response.status_code == 415, body[:60]
    huge = limited.post("/api/auth/login", data=b"x" * 2**21, content_type="application/json")
    assert_problem(huge, 413, "request_entity_too_large")
    exhaust(limited)
    assert_limited(log_in(limited))


def test_a_forged_forwarding_header_is_no_way_round(limited: FlaskClient) -> None:
    for number in range(PER_CLIENT):
        forged = f"192.0.2.{number}"
        response = log_in(limited, f"person{number}@example.com", forwarded=forged)
        assert_problem(response, 401, "credentials_wrong")
    assert_limited(log_in(limited, "bob@example.com", forwarded="192.0.2.99"))


def test_a_trusted_proxy_tells_clients_apart(variant: Variant, bob: Caller) -> None:
    client = variant(**LIMITS, TRUSTED_PROXIES=1).test_client()
    for number in range(PER_CLIENT):
        # What the client made up stands before what the proxy has added.
        forwarded = f"192.0.2.{number}, {HERE}"
        log_in(
            client, f"person{number}@example.com", client_address="10.0.0.1", forwarded=forwarded
        )
    refused = log_in(client, "bob@example.com", PASSWORD, client_address="10.0.0.1", forwarded=HERE)
    assert_limited(refused)
    other = log_in(
        client, "bob@example.com", PASSWORD, client_address="10.0.0.1", forwarded=ELSEWHERE
    )
    assert other.status_code == 200


@pytest.mark.parametrize("forwarded", ["unknown", "203.0.113.7:5678", "[2001:db8::1]:443", "_x"])
def test_a_client_that_a_proxy_names_oddly_is_limited(
    variant: Variant, bob: Caller, forwarded: str
) -> None:
    """Some proxies add a port to the address, or hide it (RFC 7239, section 6)."""
    client = variant(**LIMITS, TRUSTED_PROXIES=1).test_client()
    for number in range(PER_CLIENT):
        response = log_in(client, f"person{number}@example.com", forwarded=forwarded)
        assert_problem(response, 401, "credentials_wrong")
    assert_limited(log_in(client, "bob@example.com", PASSWORD, forwarded=forwarded))


def test_a_client_with_an_odd_name_does_not_make_others_forgotten(
    variant: Variant, alice: Caller
) -> None:
    client = variant(**LIMITS, TRUSTED_PROXIES=1).test_client()
    exhaust(client)
    for _ in range(3):
        log_in(client, "bob@example.com", forwarded="unknown")
    assert_limited(log_in(client, forwarded=ELSEWHERE))


def test_one_ipv6_customer_is_one_client(limited: FlaskClient) -> None:
    for number in range(PER_CLIENT):
        response = log_in(
            limited, f"person{number}@example.com", client_address=f"2001:db8:0:1:{number}::1"
        )
        assert_problem(response, 401, "credentials_wrong")
    neighbour = "2001:db8:0:2::1"
    assert_limited(log_in(limited, "bob@example.com", client_address="2001:db8:0:1:ffff::"))
    assert log_in(limited, "bob@example.com", PASSWORD, client_address=neighbour).status_code == 200


def test_ipv4_clients_stay_apart_behind_an_ipv6_socket(limited: FlaskClient) -> None:
    for number in range(PER_CLIENT):
        log_in(limited, f"person{number}@example.com", client_address=f"::ffff:{HERE}")
    assert_limited(log_in(limited, "bob@example.com", client_address=f"::ffff:{HERE}"))
    other = log_in(limited, "bob@example.com", PASSWORD, client_address=f"::ffff:{ELSEWHERE}")
    assert other.status_code == 200


def test_a_client_behind_a_unix_socket_is_limited(limited: FlaskClient) -> None:
    for _ in range(PER_ADDRESS):
        assert_problem(log_in(limited, client_address=""), 401, "credentials_wrong")
    assert_limited(log_in(limited, client_address=""))


def test_applications_count_apart_in_memory(variant: Variant, alice: Caller) -> None:
    exhaust(variant(**LIMITS).test_client())
    assert_problem(log_in(variant(**LIMITS).test_client()), 401, "credentials_wrong")


def test_applications_share_their_counts_through_redis(
    variant: Variant, alice: Caller, redis_server: RedisServer
) -> None:
    exhaust(variant(**LIMITS, REDIS_URL=redis_server.url).test_client())
    second = variant(**LIMITS, REDIS_URL=redis_server.url).test_client()
    assert_limited(log_in(second))
    assert_problem(log_in(second, "bob@example.com"), 401, "credentials_wrong")


def test_a_redis_that_was_never_there_neither_closes_nor_opens_the_door(
    variant: Variant, alice: Caller, bob: Caller
) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    client = variant(**LIMITS, REDIS_URL=url).test_client()
    assert log_in(client, password=PASSWORD).status_code == 200
    exhaust(client)
    assert_limited(log_in(client))
    assert log_in(client, "bob@example.com", PASSWORD).status_code == 200


def test_a_redis_that_goes_away_neither_closes_nor_opens_the_door(
    variant: Variant, alice: Caller, bob: Caller, redis_server: RedisServer
) -> None:
    client = variant(**LIMITS, REDIS_URL=redis_server.url).test_client()
    exhaust(client)
    assert_limited(log_in(client))
    redis_server.stop()
    # The process counts for itself from here on.
    assert log_in(client, password=PASSWORD).status_code == 200
    exhaust(client)
    assert_limited(log_in(client))
    assert log_in(client, "bob@example.com", PASSWORD).status_code == 200


def test_sign_ups_survive_a_redis_that_is_away(variant: Variant, alice: Caller) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    client = variant(REDIS_URL=url, SIGNUP_LIMIT_PER_CLIENT="2 per hour").test_client()
    body = {"email": "ada@example.com", "password": PASSWORD}
    assert client.post("/api/auth/signup", json=body).status_code == 201
    for _ in range(2):
        assert_problem(client.post("/api/auth/signup", json=body), 409, "email_taken")
    assert_limited(client.post("/api/auth/signup", json=body))
