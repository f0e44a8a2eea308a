"""How often a page asks the database: fixed, and the same however much there is to show."""

from __future__ import annotations

from itertools import count

from tests.factories import encoding, make_misc, make_recording, make_user, make_worker, put
from tests.tracker.gui.test_lists import counted
from tests.tracker.gui.visitor import enter, send
from tracker import asking, profiles, projects, queries, searches, tickets
from tracker.db import db
from tracker.models import Upload
from tracker.workers import groups

QUERIES = {
    "/": 5,
    "/demo/": 13,
    "/demo/tickets": 11,
    "/demo/log.atom": 5,
    "/demo/log.json": 5,
    "/demo/new": 4,
    "/demo/settings": 10,
    "/demo/statistics": 8,
    "/demo/missing": 11,
    "/demo/fahrplan/settings": 12,
    "/demo/ticket/{talk}": 17,
    "/demo/ticket/{talk}/cut": 8,
    "/demo/ticket/{talk}/release": 12,
    "/demo/release": 7,
    "/demo/slides": 7,
    "/demo/ticket/{talk}/reviewers": 6,
    "/demo/ticket/{file}": 14,
    "/demo/ticket/{file}/job": 6,
    "/demo/ticket/{file}/check": 12,
    "/demo/uploads": 8,
    "/demo/uploads/{upload}": 12,
    "/projects": 4,
    "/profiles": 5,
    "/profiles/hd": 8,
    "/users": 5,
    "/workers": 6,
    "/workers/groups": 6,
    "/account": 2,
}
"""Address -> the number of statements. A page that needs another number is written down here."""
NOW = 19
"""Of the page about the present, which tells why the twelve tickets that wait longest do; no more than twelve."""
EDIT = 5
"""Of the preview of an edit of chosen tickets."""
_numbers = count(1)


def one_more(project):
    """Make one more of everything that a page lists: talks in several states, people, scripts, groups, profiles."""
    number = next(_numbers)
    user = make_user(f"user{number}", "superuser", only=[project])
    make_recording(project, "merged", failed=True)
    begun = tickets.start_cut(make_recording(project, "merged").id, user)
    tickets.comment(begun.id, user, "Who is this?", attention=True)
    make_misc(project, f"Cable {number}")
    copied = make_recording(project, "copied")
    put(encoding(copied, "mp3"), "encoded")
    put(encoding(make_recording(project, "copied"), "mp3"), "postprocessed")
    tickets.assign(encoding(copied).id, user, make_worker(f"host{number}.example.org"))
    group, _ = groups.create(f"group{number}", secret_key="k" * 64)
    groups.add_project(group, project)
    groups.set_filter(group, project, {"property": "Room.Key", "is": "saal1"})
    upload(project, user, make_recording(project, "recorded"))
    searches.save(project, user, f"search{number}", "state:merged", shared=True)
    profiles.create(f"like{number}", f"Like {number}", "mp4", profiles.version(profiles.find("hd")).template)


def upload(project, user, ticket):
    """Make an upload that became a recording, and one that is on its way."""
    for number, made in enumerate((ticket, None)):
        key = f"{user.id:020d}-{number}"
        db.session.add(Upload(project=project, user=user, key=key, name="a.mp4", title="A", size=9, ticket=made))
    db.session.flush()
    return f"{user.id:020d}-0"


def asked(client, path, fields=None):
    """Return how many statements a page needs when nothing is in the session's memory."""
    db.session.flush()
    db.session.expunge_all()
    with counted() as statements:
        answer = client.get(path) if fields is None else send(client, path, fields)
    assert answer.status_code == 200, path
    return len([each for each in statements if "SAVEPOINT" not in each])


def edit(client):
    """Return how many statements the preview of an edit of all encoded files needs."""
    found, _ = queries.found_tickets(projects.get("demo"), asking.read("state:encoded"), 0, limit=50)
    chosen = [f"{each.id}:{each.version}" for each in found]
    return asked(client, "/demo/tickets/edit", {"ticket": chosen, "attention": "yes"})


def test_a_page_asks_the_database_a_fixed_number_of_times(client, project, folder):
    talk = make_recording(project, "copied")
    numbers = {"talk": talk.id, "file": put(encoding(talk), "encoded").id}
    numbers["upload"] = upload(project, make_user("uli"), talk)
    enter(client)
    send(client, "/login", {"name": "", "password": ""})  # the form brings the token that later ones are sent with
    for more in (3, 9):
        for _ in range(more):
            one_more(projects.get("demo"))
        assert {path: asked(client, path.format(**numbers)) for path in QUERIES} == QUERIES
        assert edit(client) == EDIT


def test_the_page_about_the_present_explains_no_more_than_twelve_tickets(client, project):
    enter(client)
    for more in (12, 3):
        for _ in range(more):
            make_recording(project, "recorded")
        assert asked(client, "/demo/now") == NOW
