"""What machines ask the tracker about itself: alive, ready, numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests import factories
from tests.conftest import SECRET
from tracker import projects
from tracker.app import create_app
from tracker.db import db, now, transaction
from tracker.settings import Settings

TOKEN = "a-token-of-some-length"
SAMPLE = re.compile(r'(fahrwerk_[a-z_]+)\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\} (-?[0-9.]+)\Z')


@pytest.fixture
def configure(app, monkeypatch):
    def change(**values):
        monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], **values))

    return change


@pytest.fixture
def project(client):
    made = factories.make_project()
    db.session.commit()
    return made


def numbers(client, **headers) -> dict[tuple[str, str], float]:
    answer = client.get("/metrics", headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    found = {}
    for line in answer.text.splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.match(line).groups()
            found[name, labels] = float(value)
    return found


def test_a_process_that_answers_is_alive(client):
    assert client.get("/health/live").json == {"status": "ok"}


def test_with_its_database_it_is_ready(client):
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_with_tables_of_another_version_it_is_not(client):
    with transaction():
        db.session.execute(text("UPDATE alembic_version SET version_num = 'another'"))
    answer = client.get("/health/ready")
    assert answer.status_code == 503 and "revision another" in answer.json["reason"]


def test_without_a_database_it_lives_but_is_not_ready():
    app = create_app(Settings(database_url="postgresql+psycopg2://x@127.0.0.1:1/x", secret_key="k" * 64, secret=SECRET))
    client = app.test_client()
    assert client.get("/health/live").status_code == 200
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
    assert "x@127" not in answer.text


def test_tickets_are_counted_by_project_type_state_and_flag(client, project):
    for failed in (False, False, True):
        factories.make_recording(project, "recorded", failed=failed)
    db.session.commit()
    found = numbers(client)
    common = 'project="demo",type="recording",state="recorded"'
    assert found["fahrwerk_tickets", f'{common},failed="0"'] == 2
    assert found["fahrwerk_tickets", f'{common},failed="1"'] == 1
    assert found["fahrwerk_tickets", 'project="demo",type="encoding",state="material needed",failed="0"'] == 3


def test_the_age_of_the_oldest_ticket_is_told(client, project):
    for hours in (1, 5):
        factories.make_recording(project, "recorded").state_since = now() - timedelta(hours=hours)
    db.session.commit()
    age = numbers(client)[
        "fahrwerk_oldest_ticket_seconds", 'project="demo",type="recording",state="recorded",failed="0"'
    ]
    assert 5 * 3600 <= age < 6 * 3600


def test_claims_and_workers_are_counted(client, project):
    ticket = factories.make_encoding(project)
    factories.assign(ticket, factories.make_worker("vm-a"), "encoding")
    factories.make_worker("vm-b")
    factories.make_worker("vm-gone").last_seen = now() - timedelta(hours=1)
    db.session.commit()
    found = numbers(client)
    assert found["fahrwerk_claims_total", 'project="demo"'] == 1
    assert found["fahrwerk_workers_alive", 'group="scripts"'] == 2
    assert found["fahrwerk_workers_busy", 'group="scripts"'] == 1


def test_archived_projects_are_left_out(client, project):
    factories.make_recording(project)
    projects.configure(project, read_only=True)
    db.session.commit()
    assert not any("demo" in labels for _name, labels in numbers(client))


def test_every_number_has_its_help_and_type(client, project):
    text = client.get("/metrics").text
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert names == {line.split()[2] for line in text.splitlines() if line.startswith("# HELP")}
    assert {name for name, _labels in numbers(client)} <= names


def test_only_this_machine_reads_the_numbers(client, project):
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "::1"}).status_code == 200
    for address in ("192.0.2.1", "2001:db8::1"):
        assert client.get("/metrics", environ_base={"REMOTE_ADDR": address}).status_code == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_a_proxy_on_this_machine_does_not_open_them(client, project, header):
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 401


def test_a_token_opens_them_from_anywhere_and_is_then_needed_everywhere(client, project, configure):
    configure(metrics_token=TOKEN)
    far = {"REMOTE_ADDR": "192.0.2.1"}
    assert client.get("/metrics", environ_base=far, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    for wrong in ("", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ü"):
        answer = client.get("/metrics", headers={"Authorization": wrong.encode().decode("latin-1")})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_statement_that_never_ends_is_given_up(app, client):
    with app.app_context():
        assert db.session.scalar(text("SHOW statement_timeout")) == "30s"
