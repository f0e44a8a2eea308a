"""The JSON mirror: the same answers as by XML-RPC, in the name of a user, and nobody's state is touched."""

from __future__ import annotations

import json

import pytest

from tests import factories
from tests.tracker.rpc.conftest import HOST
from tracker import projects, properties, tokens, users, veil
from tracker.db import db
from tracker.models import Ticket, Worker
from tracker.rpc import METHODS, mirror


@pytest.fixture
def user(project):
    made = factories.make_user("charlie")
    db.session.commit()
    return made


@pytest.fixture
def ask(client, user):
    """Return a function that asks as the user's program; it returns the answer."""
    _made, text = tokens.create(user, "program")
    db.session.commit()

    def get(method, /, headers=None, **values):
        given = {"Authorization": f"Bearer {text}", **(headers or {})}
        return client.get(f"/api/3/{method}", query_string=values, headers=given)

    return get


def problem(answer):
    assert answer.mimetype == "application/problem+json" and answer.json["status"] == answer.status_code
    assert answer.json["title"] and answer.json["detail"]
    return answer.status_code


def rows() -> list[tuple]:
    """Return all there is of workers and tickets."""
    db.session.expire_all()
    return [
        tuple(getattr(row, column.key) for column in kind.__table__.columns)
        for kind in (Worker, Ticket)
        for row in db.session.query(kind).order_by(kind.id)
    ]


# --- the same answers ----------------------------------------------------------------------------------------


def test_every_method_that_only_reads_is_there(ask):
    assert {f"c3tt.{name}" for name in mirror.readable()} == {
        name for name, found in METHODS.items() if not found.writes and not name.startswith("system.")
    }
    listed = ask("").json
    assert listed["getTicketProperty"] == {"project": "string", "ticket_id": "int", "name": "string"}
    assert "setTicketDone" not in listed and "ping" not in listed


def empty(value):
    """Write null as XML-RPC has it."""
    if isinstance(value, dict):
        return {name: empty(member) for name, member in value.items()}
    if isinstance(value, list):
        return [empty(member) for member in value]
    return "" if value is None else value


def test_answers_are_those_of_xml_rpc(ask, connect, ticket):
    arguments = {"ticket_id": ticket.id, "name": "Project.Slug", "pattern": "Record.*", "state": "ready to encode"}
    for found in mirror.readable().values():
        wanted = {each.name: arguments[each.name] for each in found.parameters if each.name in arguments}
        given = wanted | ({"project": "demo"} if found.needs_project else {})
        answer = ask(found.name.removeprefix("C3TT."), **given)
        assert (answer.status_code, answer.mimetype) == (200, "application/json"), answer.text
        theirs = getattr(connect().C3TT, found.name.removeprefix("C3TT."))(*wanted.values())
        assert empty(answer.json) == theirs, found.name


def test_names_are_found_in_any_case_and_texts_are_utf_8(ask, ticket, tracker):
    tracker.setTicketProperty(ticket.id, "A.b", "Säle € \u2028")
    answer = ask("GETTICKETPROPERTY", project="demo", ticket_id=ticket.id, name="A.b")
    assert json.loads(answer.data.decode()) == "Säle € \u2028"


def test_nobodys_state_is_touched(ask, tracker, ticket):
    """A worker holds the ticket and has not named it; reading about it is no sign of life."""
    tracker.assignNextUnassignedForState("encoding")
    before = rows()
    for name, values in (
        ("getTicketProperties", {"ticket_id": ticket.id}),
        ("getTicketProperty", {"ticket_id": ticket.id, "name": "A.b"}),
        ("getJobfile", {"ticket_id": ticket.id}),
        ("getUnassignedTicketsInState", {"state": "encoding"}),
    ):
        assert ask(name, project="demo", **values).status_code == 200
    assert rows() == before
    assert db.session.query(Worker.name).all() == [(HOST,)]


# --- who may -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic eDp5", "bearer fahrwerk_x"])
def test_without_a_good_token_nothing_is_told(client, project, header):
    for name in ("", "getVersion", "noSuchMethod"):
        answer = client.get(f"/api/3/{name}", headers={"Authorization": header} if header is not None else {})
        assert problem(answer) == 401 and answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_login_is_no_token(client, user):
    client.post("/login", data={"name": "charlie", "password": factories.PASSWORD})
    assert problem(client.get("/api/3/getVersion")) == 401


def test_guessing_is_limited_by_address(app, client, project, ask):
    wrong = {"Authorization": "Bearer fahrwerk_wrong"}
    most = app.config["SETTINGS"].login_max_failures
    found = [problem(client.get("/api/3/getVersion", headers=wrong)) for _ in range(most + 1)]
    assert found == [401] * most + [429]
    assert ask("getVersion").json == "3.0"


def test_a_user_sees_the_projects_that_pages_show(ask, user):
    factories.make_project("other")
    user.projects = [projects.get("demo")]
    projects.configure(factories.make_project("old"), read_only=True)
    db.session.commit()
    assert [found["slug"] for found in ask("getProjects").json] == ["demo"]
    assert problem(ask("getEncodingProfiles", project="other")) == 404
    user.projects = []
    db.session.commit()
    assert {found["slug"] for found in ask("getProjects").json} == {"demo", "other"}
    assert {found["slug"] for found in ask("getProjects", read_only=1).json} == {"demo", "other", "old"}


def test_an_account_that_is_switched_off_reads_nothing(ask, user):
    users.set_active(user, False)
    db.session.commit()
    assert problem(ask("getVersion")) == 401


# --- what is wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values", "status", "told"),
    [
        ("noSuchMethod", {}, 404, "/api/3 lists them"),
        ("setTicketDone", {"project": "demo", "ticket_id": "1"}, 404, "to read by"),
        ("ping", {}, 404, "to read by"),
        ("system.multicall", {}, 404, "to read by"),
        ("__class__", {}, 404, "to read by"),
        ("a/b/c", {}, 404, "to read by"),
        ("getTicketProperties", {"ticket_id": "1"}, 400, "needs the parameter 'project'"),
        ("getTicketProperties", {"project": "demo"}, 400, "needs: ticket_id"),
        ("getTicketProperties", {"project": "nothing", "ticket_id": "1"}, 404, "no project 'nothing'"),
        ("getTicketProperties", {"project": "demo", "ticket_id": "99999999"}, 404, "no ticket"),
        ("getTicketProperties", {"project": "demo", "ticket_id": "one"}, 400, "no ticket id"),
        ("getTicketProperties", {"project": "demo", "ticket_id": "1", "call": "x"}, 400, "no parameter 'call'"),
        ("getTicketProperties", {"project": "demo", "ticket_id": ["1", "2"]}, 400, "comes 2 times"),
        ("getUnassignedTicketsInState", {"project": "demo", "state": "a\x00b"}, 400, "cannot carry"),
        ("getVersion", {"self": "1"}, 400, "no parameter 'self'"),
        ("getEncodingProfiles", {"project": "demo", "encoding_profile_id": "4711"}, 404, "no encoding profile"),
    ],
)
def test_what_is_wrong_is_a_problem_with_its_status(ask, name, values, status, told):
    answer = ask(name, **values)
    assert problem(answer) == status and told in answer.json["detail"]


def test_a_ticket_of_another_project_is_not_found(ask, ticket):
    factories.make_project("other")
    db.session.commit()
    assert problem(ask("getTicketProperties", project="other", ticket_id=ticket.id)) == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed(client, project, method):
    answer = client.open("/api/3/setTicketDone", method=method)
    assert problem(answer) == 405 and "GET" in answer.headers["Allow"]


# --- again ---------------------------------------------------------------------------------------------------


def test_what_did_not_change_is_not_sent_again(ask, ticket, tracker):
    values = {"project": "demo", "ticket_id": ticket.id}
    first = ask("getTicketProperties", **values)
    tag = {"If-None-Match": first.headers["ETag"]}
    again = ask("getTicketProperties", headers=tag, **values)
    assert (again.status_code, again.data) == (304, b"")
    tracker.setTicketProperty(ticket.id, "A.b", "new")
    assert ask("getTicketProperties", headers=tag, **values).json["A.b"] == "new"


def test_answers_are_kept_by_no_cache_for_others(ask):
    answer = ask("getVersion")
    assert answer.headers["Cache-Control"] == "private, no-cache" and "Authorization" in answer.headers["Vary"]


def test_secrets_are_told_to_superusers_alone(ask, user, project, ticket):
    properties.write(project, {"Project.Secret": "hunter2"})
    db.session.commit()
    for role, told in [("user", veil.VEIL), ("superuser", "hunter2")]:
        user.role = role
        db.session.commit()
        assert ask("getticketproperties", ticket_id=ticket.id, project="demo").json["Project.Secret"] == told
        assert ask("getticketproperty", ticket_id=ticket.id, name="Project.Secret", project="demo").json == told
