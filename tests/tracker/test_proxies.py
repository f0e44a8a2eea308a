"""Who calls, behind reverse proxies: only those at configured addresses are believed."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response

from tracker.proxies import Proxies, bare

TRUSTED = tuple(ip_network(text) for text in ("127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32"))


def seen(peer: str, **headers: str) -> tuple[str, str, str]:
    """Return address, scheme and host as the application sees them."""
    found = []

    def app(environ, start_response):
        found.append((environ["REMOTE_ADDR"], environ["wsgi.url_scheme"], environ["HTTP_HOST"]))
        return Response()(environ, start_response)

    given = {f"X-Forwarded-{name}": text for name, text in headers.items()} | {"Host": "inside:8020"}
    run_wsgi_app(Proxies(app, TRUSTED), create_environ(headers=given, environ_base={"REMOTE_ADDR": peer}))
    return found[0]


def test_a_proxy_tells_address_scheme_and_host():
    told = seen("127.0.0.1", For="192.0.2.7", Proto="https", Host="tracker.example.org")
    assert told == ("192.0.2.7", "https", "tracker.example.org")


@pytest.mark.parametrize("peer", ["192.0.2.1", "11.0.0.1", "2001:db9::1", "", "unix:"])
def test_nobody_else_is_believed(peer):
    assert seen(peer, For="127.0.0.1", Proto="https", Host="evil.example") == (peer, "http", "inside:8020")


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("127.0.0.1, 192.0.2.7", "192.0.2.7"),  # what the caller wrote itself stands first
        ("192.0.2.7, 10.1.1.1", "192.0.2.7"),  # two proxies of ours
        ("6.6.6.6, 192.0.2.7, 10.1.1.1, 10.2.2.2", "192.0.2.7"),
        ("10.9.9.9, 10.1.1.1", "10.9.9.9"),  # a proxy itself calls
        ("192.0.2.7:4711", "192.0.2.7"),
        ("[2001:db9::7]:4711", "2001:db9::7"),
        ("2001:db9::7", "2001:db9::7"),
        ("192.0.2.7, unknown", "127.0.0.1"),
        ("unknown", "127.0.0.1"),
        ("", "127.0.0.1"),
        (" , ,", "127.0.0.1"),
    ],
)
def test_the_caller_is_the_last_address_that_is_no_proxy(forwarded, address):
    assert seen("127.0.0.1", For=forwarded)[0] == address


def test_an_ipv4_proxy_on_an_ipv6_socket_is_the_same_proxy():
    assert seen("::ffff:10.0.0.1", For="192.0.2.7")[0] == "192.0.2.7"


def test_of_two_proxies_the_outer_one_tells_the_scheme_even_if_the_inner_adds_nothing():
    assert seen("10.0.0.1", For="192.0.2.7, 10.0.0.2", Proto="https, http")[1] == "https"
    assert seen("10.0.0.1", For="192.0.2.7, 10.0.0.2", Proto="https")[1] == "https"


def test_what_a_caller_adds_in_front_does_not_count():
    told = seen("10.0.0.1", For="1.1.1.1, 192.0.2.7", Proto="https, http", Host="evil.example, tracker.example.org")
    assert told == ("192.0.2.7", "http", "tracker.example.org")


@pytest.mark.parametrize("text", ["", "x", "1.2.3", "1.2.3.4.5", ":", "[::1"])
def test_what_is_no_address_is_none(text):
    assert bare(text) in ("", "::1")
