"""Who may do what: every address of the pages, every role."""

from __future__ import annotations

import pytest

from tests.factories import PASSWORD, encoding, make_project, make_recording, make_user
from tests.tracker.gui.visitor import enter, log_in, page, send, words
from tracker import users
from tracker.gui.access import safe_path

TICKET = "/demo/ticket/{talk}"
UPLOAD = "/demo/uploads/" + 22 * "x"
ROUTES = {
    ("gui.login_page", "GET"): ("", "/login"),
    ("gui.login_post", "POST"): ("", "/login"),
    ("gui.speak", "POST"): ("", "/language"),
    ("gui.script_texts", "GET"): ("", "/assets/speech/de-0.json"),
    ("gui.stop_acting", "POST"): ("read only", "/acting/stop"),
    ("gui.logout", "POST"): ("read only", "/logout"),
    ("gui.front", "GET"): ("read only", "/"),
    ("gui.project_list", "GET"): ("admin", "/projects"),
    ("gui.projects_post", "POST"): ("admin", "/projects"),
    ("gui.workers", "GET"): ("read only", "/workers"),
    ("gui.workers_post", "POST"): ("admin", "/workers"),
    ("gui.worker_groups", "GET"): ("admin", "/workers/groups"),
    ("gui.worker_groups_post", "POST"): ("admin", "/workers/groups"),
    ("gui.talks", "GET"): ("read only", "/demo/"),
    ("gui.new", "GET"): ("superuser", "/demo/new"),
    ("gui.new_post", "POST"): ("superuser", "/demo/new"),
    ("gui.ticket", "GET"): ("read only", TICKET),
    ("gui.state", "POST"): ("superuser", f"{TICKET}/state"),
    ("gui.failed", "POST"): ("superuser", f"{TICKET}/failed"),
    ("gui.job", "GET"): ("user", "/demo/ticket/{file}/job"),
    ("gui.edit_properties", "POST"): ("superuser", f"{TICKET}/properties"),
    ("gui.comment", "POST"): ("user", f"{TICKET}/comment"),
    ("gui.work", "POST"): ("user", f"{TICKET}/work"),
    ("gui.manage", "POST"): ("superuser", f"{TICKET}/manage"),
    ("gui.search", "GET"): ("read only", "/demo/tickets"),
    ("gui.saved_search", "POST"): ("read only", "/demo/tickets/saved"),
    ("gui.mass_edit", "POST"): ("superuser", "/demo/tickets/edit"),
    ("gui.settings", "GET"): ("admin", "/demo/settings"),
    ("gui.settings_post", "POST"): ("admin", "/demo/settings"),
    ("gui.reviewers", "GET"): ("superuser", f"{TICKET}/reviewers"),
    ("gui.reviewers_post", "POST"): ("superuser", f"{TICKET}/reviewers"),
    ("gui.review", "GET"): ("", "/review/none"),
    ("gui.review_post", "POST"): ("", "/review/none"),
    ("gui.review_media", "GET"): ("", "/review/none/media/{file}"),
    ("gui.feedback", "GET"): ("", "/demo/talk/1/feedback"),
    ("gui.feedback_post", "POST"): ("", "/demo/talk/1/feedback"),
    ("gui.upload_list", "GET"): ("user", "/demo/uploads"),
    ("gui.upload_begin", "POST"): ("user", "/demo/uploads"),
    ("gui.upload_page", "GET"): ("user", UPLOAD),
    ("gui.upload_delete", "POST"): ("user", UPLOAD),
    ("gui.upload_pieces", "HEAD"): ("user", f"{UPLOAD}/pieces"),
    ("gui.upload_append", "PATCH"): ("user", f"{UPLOAD}/pieces"),
    ("gui.upload_end", "DELETE"): ("user", f"{UPLOAD}/pieces"),
    ("gui.profile_list", "GET"): ("superuser", "/profiles"),
    ("gui.profile_add", "POST"): ("admin", "/profiles"),
    ("gui.profile", "GET"): ("superuser", "/profiles/hd"),
    ("gui.profile_post", "POST"): ("admin", "/profiles/hd"),
    ("gui.user_list", "GET"): ("admin", "/users"),
    ("gui.users_post", "POST"): ("admin", "/users"),
    ("gui.invitation", "GET"): ("", "/invitation/none"),
    ("gui.invitation_post", "POST"): ("", "/invitation/none"),
    ("gui.account", "GET"): ("read only", "/account"),
    ("gui.account_post", "POST"): ("read only", "/account"),
    ("gui.missing", "GET"): ("admin", "/demo/missing"),
    ("gui.statistics", "GET"): ("read only", "/demo/statistics"),
    ("gui.now_page", "GET"): ("read only", "/demo/now"),
    ("gui.fahrplan", "GET"): ("read only", "/demo/fahrplan"),
    ("gui.fahrplan_post", "POST"): ("superuser", "/demo/fahrplan"),
    ("gui.fahrplan_file", "GET"): ("superuser", "/demo/fahrplan/1/file"),
    ("gui.fahrplan_settings", "GET"): ("admin", "/demo/fahrplan/settings"),
    ("gui.fahrplan_settings_post", "POST"): ("admin", "/demo/fahrplan/settings"),
    ("gui.fahrplan_feed", "GET"): ("", "/demo/fahrplan.atom"),
    ("gui.log_feed", "GET"): ("", "/demo/log.atom"),
    ("gui.log_json", "GET"): ("", "/demo/log.json"),
    ("gui.slide_preview", "GET"): ("read only", "/demo/slides"),
    ("gui.cut", "GET"): ("read only", f"{TICKET}/cut"),
    ("gui.cut_post", "POST"): ("user", f"{TICKET}/cut"),
    ("gui.cut_draft", "POST"): ("user", f"{TICKET}/cut/draft"),
    ("gui.check", "GET"): ("read only", "/demo/ticket/{file}/check"),
    ("gui.check_post", "POST"): ("user", "/demo/ticket/{file}/check"),
    ("gui.releases", "GET"): ("read only", "/demo/release"),
    ("gui.releases_post", "POST"): ("superuser", "/demo/release"),
    ("gui.release", "GET"): ("read only", f"{TICKET}/release"),
    ("gui.release_post", "POST"): ("superuser", f"{TICKET}/release"),
    ("gui.media", "GET"): ("read only", f"{TICKET}/media/index.m3u8"),
}
"""(view, method) -> the least role, and where to try it. A new view has to be entered here."""


@pytest.fixture
def numbers(project):
    talk = make_recording(project, "copied")
    return {"talk": talk.id, "file": encoding(talk).id}


def test_the_table_has_every_address(app):
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("gui.")]
    found = {(rule.endpoint, method) for rule in rules for method in rule.methods - {"OPTIONS"}}
    found -= {(endpoint, "HEAD") for endpoint, method in found if method == "GET"}  # answers as GET does
    assert found - {("gui.static", "GET")} == set(ROUTES)


@pytest.mark.parametrize("role", users.ROLES)
def test_a_role_may_do_what_the_table_says(client, numbers, role):
    enter(client, "somebody", role)
    allowed = {}
    for key, (least, path) in ROUTES.items():
        if least and key[0] != "gui.logout":
            answer = _try(client, key[1], path.format(**numbers))
            assert answer.status_code not in (302, 401, 500)
            allowed[key] = answer.status_code != 403
    assert allowed == {key: users.ROLES.index(role) >= users.ROLES.index(ROUTES[key][0]) for key in allowed}


def _try(client, method, path):
    return client.open(path, method=method) if method in ("GET", "HEAD") else send(client, path, method=method)


def test_without_a_login_there_is_only_the_login_page(client, numbers):
    for (_, method), (least, path) in ROUTES.items():
        if least:
            answer = _try(client, method, path.format(**numbers))
            assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/login")


def test_after_the_login_one_is_where_one_wanted_to_be(client, project):
    make_user()
    asked = client.get("/demo/?state=merged")
    shown = client.get(asked.headers["Location"])
    answer = log_in(client, "alice", next=page(shown).xpath("//input[@name='next']/@value")[0])
    assert answer.headers["Location"] == "/demo/?state=merged"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "x", "", "/\r\nX: y"],
)
def test_nobody_is_sent_to_another_host(target):
    assert safe_path(target) == "/"


def test_a_form_without_its_token_is_refused(client, numbers):
    enter(client)
    for (_, method), (_, path) in ROUTES.items():
        if method not in ("GET", "HEAD"):
            answer = client.open(path.format(**numbers), method=method, data={"csrf_token": "guessed"})
            assert answer.status_code == 400
            assert "too old" in words(answer)


def test_a_restricted_user_does_not_even_learn_that_a_project_exists(client, numbers):
    make_user("charlie", only=[make_project("other", formats=())])
    log_in(client, "charlie")
    assert "Project other" in words(client.get("/"))
    assert "Project demo" not in words(client.get("/"))
    for (_, method), (least, path) in ROUTES.items():
        if least and "/demo/" in path and least not in ("superuser", "admin"):
            answer = _try(client, method, path.format(**numbers))
            assert answer.status_code == 404
            assert b"Saal" not in answer.data


def test_a_ticket_is_not_shown_under_another_project(client, numbers):
    make_project("other", formats=())
    enter(client)
    assert client.get(f"/other/ticket/{numbers['talk']}").status_code == 404
    assert client.get("/demo/ticket/99999999999999999999").status_code == 404


def test_a_new_password_ends_the_other_logins(client, db_session):
    enter(client)
    users.set_password(users.get("alice"), "another good one")
    db_session.flush()
    assert client.get("/").status_code == 302


def test_a_disabled_account_is_out_at_once(client, db_session):
    enter(client)
    users.get("alice").active = False
    db_session.flush()
    assert client.get("/").status_code == 302
    assert log_in(client, "alice").status_code == 401


def test_every_answer_carries_the_headers(client, numbers):
    enter(client)
    for path in ("/", "/assets/style.css", "/nowhere", f"/demo/ticket/{numbers['talk']}/cut"):
        headers = client.get(path, buffered=True).headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "same-origin")
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_no_page_has_code_or_styles_in_it(client, numbers):
    enter(client)
    for (_, method), (_, path) in ROUTES.items():
        if method == "GET" and "media" not in path:
            shown = page(client.get(path.format(**numbers), follow_redirects=True))
            assert shown.xpath("//style | //@style | //script[not(@src)] | //@*[starts-with(name(), 'on')]") == []


def test_a_client_that_wants_json_gets_errors_as_json(client, numbers):
    json = {"Accept": "application/json"}
    assert client.get("/", headers=json).get_json() == {"error": "Log in first."}
    enter(client)
    answer = client.get("/demo/ticket/999", headers=json)
    assert (answer.status_code, answer.get_json()["error"]) == (404, "There is no ticket 999.")
    answer = send(client, f"/demo/ticket/{numbers['talk']}/comment", {"comment": " "}, headers=json)
    assert answer.get_json() == {"error": "The comment is empty.", "field": "comment"}


def test_a_wrong_password_and_an_unknown_name_look_the_same(client, db_session):
    make_user()
    wrong, unknown = log_in(client, "alice", "not hers at all"), log_in(client, "nobody", PASSWORD)
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert "do not match" in words(wrong)
    assert words(wrong) == words(unknown)


def test_too_many_failures_lock_the_address_out_for_that_name_only(client, app, db_session):
    make_user(), make_user("bob")
    for _ in range(app.config["SETTINGS"].login_max_failures):
        assert log_in(client, "alice", "guess guess").status_code == 401
    assert log_in(client, "alice").status_code == 429
    assert log_in(client, "bob").status_code == 303


def test_logging_out_ends_the_login(client, db_session):
    enter(client)
    assert send(client, "/logout").status_code == 303
    assert client.get("/").status_code == 302


def test_another_role_holds_from_the_next_request_on(client, project):
    enter(client, "bob", "superuser")
    assert client.get("/demo/new").status_code == 200
    users.configure(users.get("bob"), role="read only")
    assert client.get("/demo/new").status_code == 403


def test_no_cookie_is_read_by_scripts_or_sent_by_other_sites(client, project):
    make_user()
    cookies = log_in(client, "alice").headers.getlist("Set-Cookie")
    assert cookies and [each for each in cookies if "HttpOnly" not in each or "SameSite=Lax" not in each] == []
