"""Names of workers and the addresses they call from, with the system's own look-ups where that needs no network."""

from __future__ import annotations

import threading
import time

import pytest

from tracker.hosts import Hosts, addresses, forms, plain


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("host.dom.org", ["host.dom.org"]),
        ("host-record.dom", ["host-record.dom", "host.dom"]),
        ("host-.dom", ["host.dom"]),
        ("vm-", ["vm"]),
        ("vm-cut-post.dom", ["vm-cut-post.dom", "vm-cut.dom", "vm.dom"]),
        ("a-b-c-d-e-f.dom", ["a-b-c-d-e-f.dom", "a-b-c-d-e.dom", "a-b-c-d.dom", "a-b-c.dom"]),
        ("a--.dom", ["a.dom"]),
        ("host.sub-domain.org", ["host.sub-domain.org"]),
    ],
)
def test_a_name_is_also_looked_for_without_its_suffix(name, found):
    assert forms(name) == found


def test_addresses_have_one_spelling():
    assert plain("::ffff:192.0.2.1") == plain("192.0.2.1") == "192.0.2.1"
    assert plain("2001:DB8:0::1") == plain("2001:db8::1")
    assert plain("fe80::1%eth0") == "fe80::1"
    assert plain("127.0.0.1") == plain("127.0.1.1") == plain("::1") == plain("::ffff:127.0.0.1")


@pytest.mark.parametrize("name", ["localhost", "localhost-record", "localhost-", "127.0.0.1", "127-encoder1.0.0.1"])
def test_the_system_knows_this_machine(name):
    assert Hosts(wait_s=30).objection(name, "127.0.0.1") == ""


def test_a_caller_from_elsewhere_is_named_with_what_its_name_has():
    reason = Hosts(wait_s=30).objection("192-record.0.2.1", "192.0.2.2")
    assert reason.startswith("192-record.0.2.1 may not call from 192.0.2.2: ") and "192.0.2.1 has 192.0.2.1" in reason


@pytest.mark.parametrize("name", ["x" * 64, "a..b", "x" * 64 + "-record.example"])
def test_what_cannot_be_in_dns_has_no_addresses(name):
    assert addresses(name) == frozenset()


class Book:
    """A telephone book that counts how often it is asked, and answers when it may."""

    def __init__(self, **numbers: str) -> None:
        self.numbers = numbers
        self.asked: list[str] = []
        self.open = threading.Event()
        self.open.set()

    def __call__(self, name: str) -> frozenset[str]:
        self.asked.append(name)
        assert self.open.wait(60)
        return frozenset(self.numbers.get(name, "").split())


def test_an_answer_is_kept():
    book = Book(vm="192.0.2.1 2001:db8::1")
    hosts = Hosts(book)
    for address in ("192.0.2.1", "2001:db8::1", "192.0.2.1"):
        assert hosts.objection("vm", address) == ""
    assert book.asked == ["vm"]


def test_nothing_is_kept_too():
    book = Book()
    hosts = Hosts(book)
    assert [hosts.objection("vm", "192.0.2.1") for _ in range(3)] == [
        "vm may not call from 192.0.2.1: vm is not in DNS."
    ] * 3
    assert book.asked == ["vm"]


def test_an_old_answer_is_asked_for_anew(monkeypatch):
    book = Book(vm="192.0.2.1")
    hosts = Hosts(book)
    assert hosts.objection("vm", "192.0.2.1") == ""
    monkeypatch.setattr("tracker.hosts.KEEP_S", -1)
    book.numbers["vm"] = "192.0.2.2"
    assert hosts.objection("vm", "192.0.2.2") == ""


def test_a_machine_that_moved_is_let_in_again(monkeypatch):
    book = Book(vm="192.0.2.1")
    hosts = Hosts(book)
    assert hosts.objection("vm", "192.0.2.2")
    book.numbers["vm"] = "192.0.2.2"
    assert hosts.objection("vm", "192.0.2.2"), "not asked again at once"
    monkeypatch.setattr("tracker.hosts.ANEW_S", -1)
    assert hosts.objection("vm", "192.0.2.2") == ""


def test_a_slow_answer_is_not_waited_for_and_serves_the_next_call():
    book = Book(vm="192.0.2.1")
    book.open.clear()
    hosts = Hosts(book, wait_s=0)
    assert "takes long, try again" in hosts.objection("vm", "192.0.2.1")
    assert "takes long, try again" in hosts.objection("vm", "192.0.2.1")
    book.open.set()
    deadline = time.monotonic() + 30
    while hosts.objection("vm", "192.0.2.1") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert hosts.objection("vm", "192.0.2.1") == "" and book.asked == ["vm"]


def test_callers_at_once_ask_once():
    book = Book(vm="192.0.2.1")
    book.open.clear()
    hosts, found = Hosts(book, wait_s=30), []
    threads = [threading.Thread(target=lambda: found.append(hosts.objection("vm", "192.0.2.1"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    book.open.set()
    for thread in threads:
        thread.join()
    assert (found, book.asked) == ([""] * 8, ["vm"])


def test_the_log_tells_once(caplog):
    hosts = Hosts(Book(), wait_s=30)
    assert hosts.objection("vm", "192.0.2.1")
    for _ in range(3):
        hosts.note("vm", "192.0.2.1")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "FAHRWERK_WORKER_DNS=enforce would refuse it" in caplog.text


def test_names_do_not_pile_up(monkeypatch):
    monkeypatch.setattr("tracker.hosts.MOST_NAMES", 5)
    hosts = Hosts(Book(), wait_s=30)
    for number in range(20):
        hosts.objection(f"vm{number}", "192.0.2.1")
        hosts.note(f"vm{number}", "192.0.2.1")
    assert len(hosts._known) == 5 and len(hosts._told) <= 5
