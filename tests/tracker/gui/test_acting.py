"""An admin acts as somebody else: with that one's rights, under both names, and never for what is personal."""

from __future__ import annotations

import pytest

from tests.factories import encoding, make_project, make_recording, make_user, put
from tests.tracker.gui.test_access import ROUTES
from tests.tracker.gui.visitor import enter, page, send, words
from tracker import projects, queries, reviews, tickets, users
from tracker.db import db
from tracker.errors import NotPermitted

PERSONAL = {
    *(("gui.account", "GET"), ("gui.account_post", "POST"), ("gui.saved_search", "POST")),
    *(("gui.upload_begin", "POST"), ("gui.upload_append", "PATCH")),
    *(("gui.upload_end", "DELETE"), ("gui.upload_delete", "POST")),
}


@pytest.fixture
def talk(project):
    return make_recording(project, "merged")


@pytest.fixture
def act_as(client):
    """Return a function that lets alice, an admin, act as somebody."""

    def act_as(user):
        enter(client, "alice")
        return send(client, "/users", {"action": "act as", "user": user.name})

    return act_as


@pytest.mark.parametrize("role", users.ROLES[:-1])
def test_one_may_do_what_that_role_may_but_for_what_is_personal(client, project, act_as, role):
    numbers = {"talk": make_recording(project, "copied").id}
    numbers["file"] = encoding(tickets.get(numbers["talk"])).id
    assert act_as(make_user("bob", role)).headers["Location"] == "/"
    rank, allowed = users.ROLES.index(role), {}
    for (view, method), (least, path) in ROUTES.items():
        if least and view not in ("gui.logout", "gui.stop_acting"):
            target = path.format(**numbers)
            answer = client.get(target) if method == "GET" else send(client, target, method=method)
            allowed[view, method] = answer.status_code != 403
    wanted = {key: rank >= users.ROLES.index(ROUTES[key][0]) and key not in PERSONAL for key in allowed}
    assert allowed == wanted


def test_every_page_says_so_until_one_stops(client, project, talk, act_as):
    act_as(make_user("bob", "superuser"))
    for path in ("/", "/demo/", f"/demo/ticket/{talk.id}", f"/demo/ticket/{talk.id}/cut", "/workers", "/users", "/no/"):
        assert "alice, you act as bob" in words(client.get(path)), path
    answer = send(client, "/acting/stop", follow_redirects=True)
    assert "You are alice again." in words(answer) and "you act as" not in words(answer)
    assert send(client, "/acting/stop").headers["Location"] == "/"


def test_the_banner_is_german_too(client, project, act_as):
    act_as(make_user("bob"))
    assert "alice, du handelst als bob" in words(client.get("/demo/", headers={"Accept-Language": "de"}))


def test_the_log_names_both(client, project, talk, act_as):
    bob = make_user("bob", "superuser")
    act_as(bob)
    send(client, f"/demo/ticket/{talk.id}/comment", {"comment": "Look at it"})
    send(client, f"/demo/ticket/{talk.id}/properties", {"name": "Meta.Note", "was": "", "value": "x"})
    found = [(entry.actor, entry.user_id) for entry in queries.history([talk.id])[:2]]
    assert found == [("alice (for bob)", bob.id)] * 2
    assert "alice (for bob)" in words(client.get(f"/demo/ticket/{talk.id}"))


def test_one_sees_the_projects_of_that_one(client, project, talk, act_as):
    other = make_project("other", formats=())
    act_as(make_user("bob", only=[other]))
    assert client.get("/demo/").status_code == 404
    assert [each.text for each in page(client.get("/")).xpath("//h2/a/span | //h2/a")] != []


def test_four_eyes_cannot_be_had_by_acting(client, project, act_as):
    copied = make_recording(project, "copied")
    file = put(encoding(copied), "encoded")
    copied.cut_by = make_user("carol")
    act_as(make_user("bob"))
    answer = send(client, f"/demo/ticket/{file.id}/check", {"action": "start"})
    assert (answer.status_code, "stop acting as bob" in words(answer)) == (403, True)
    projects.configure(projects.get("demo"), separate_checker=False)
    db.session.flush()
    assert send(client, f"/demo/ticket/{file.id}/check", {"action": "start"}).status_code == 303


@pytest.mark.parametrize(("role", "active"), [("admin", True), ("user", False)])
def test_nobody_acts_as_an_admin_or_as_who_is_switched_off(client, project, act_as, role, active):
    user = make_user("bob", role)
    user.active = active
    assert act_as(user).status_code == 403
    assert "you act as" not in words(client.get("/demo/"))


def test_only_an_admin_acts_and_not_through_somebody(project):
    sue, bob, alice = make_user("sue", "superuser"), make_user("bob"), make_user("alice")
    alice.acted_by = "eve"
    for actor in (sue, alice):
        with pytest.raises(NotPermitted):
            users.require_actable(actor, bob)


@pytest.mark.parametrize(
    "change", ["bob is an admin", "bob is off", "bob is logged out", "alice is none", "alice is off"]
)
def test_it_is_over_as_soon_as_one_of_the_two_changes(client, project, act_as, change):
    bob = make_user("bob")
    make_user("zoe", "admin")  # one has to stay
    act_as(bob)
    alice = queries.user_by_name("alice")
    changes = {
        "bob is an admin": lambda: users.configure(bob, role="admin"),
        "bob is off": lambda: users.set_active(bob, False),
        "bob is logged out": lambda: users.end_sessions(bob),
        "alice is none": lambda: users.configure(alice, role="user"),
        "alice is off": lambda: users.set_active(alice, False),
    }
    changes[change]()
    db.session.flush()
    assert client.get("/demo/").headers["Location"].startswith("/login")


def test_who_acted_is_forgotten_when_that_one_logs_in(client, project, talk, act_as):
    bob = make_user("bob")
    act_as(bob)
    client.get("/demo/")
    with client.session_transaction() as session:
        session.pop("acting")
        session["_user_id"] = bob.get_id()
    send(client, f"/demo/ticket/{talk.id}/comment", {"comment": "Myself"})
    assert queries.history([talk.id])[0].actor == "bob"


def test_links_for_reviewers_and_cancelled_work_name_both(project, talk):
    bob, file = make_user("bob", "superuser"), put(encoding(make_recording(project, "copied")), "encoding")
    bob.acted_by = "alice"
    link, _ = reviews.invite(talk.id, bob, "Ada", 3)
    assert link.created_by == "alice (for bob)"
    assert "cancelled by alice (for bob)" in tickets.cancel(file.id, bob).waiting
