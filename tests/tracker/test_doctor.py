"""`fahrwerk doctor`: every finding names its subject, and the remedy when it is bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.doctor import examine
from tracker.embedded import running
from tracker.settings import Settings


@pytest.fixture
def environ(committed_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.delenv("FAHRWERK_FFMPEG", raising=False)
    return {
        "FAHRWERK_DATABASE_URL": committed_db,
        "FAHRWERK_SECRET_KEY": "k" * 32,
        "FAHRWERK_SECRET": "worker",
        "FAHRWERK_DATA_DIR": str(tmp_path),
        "FAHRWERK_MEDIA_ROOTS": str(tmp_path),
    }


def bad(environ: dict[str, str]) -> dict[str, str]:
    return {finding.subject: finding.text for finding in examine(environ) if not finding.good}


def test_nothing_is_wrong_with_this_machine(environ):
    assert bad(environ) == {}
    assert [finding.subject for finding in examine(environ)] == [
        "python", "ffmpeg", "hls.js", "settings", "database", "space", "media",
    ]  # fmt: skip


def test_a_database_that_does_not_answer_is_named_without_its_password(environ):
    found = bad(environ | {"FAHRWERK_DATABASE_URL": "postgresql://me:hush@127.0.0.1:9/x"})
    assert list(found) == ["database"] and "refused" in found["database"] and "hush" not in found["database"]


def test_a_database_that_is_behind_gets_the_remedy(environ, new_database):
    assert "db upgrade" in bad(environ | {"FAHRWERK_DATABASE_URL": new_database("template0")})["database"]


def test_mistakes_in_the_settings_are_findings(environ):
    assert "FAHRWERK_PORT" in bad(environ | {"FAHRWERK_PORT": "x"})["settings"]


def test_a_reverse_proxy_that_is_not_named_gets_the_remedy(environ):
    public = environ | {"FAHRWERK_PUBLIC_URL": "https://tracker.example.org"}
    assert "FAHRWERK_PROXIES" in bad(public)["proxies"]
    for more in (
        {"FAHRWERK_PROXIES": "127.0.0.1"},
        {"FAHRWERK_PUBLIC_URL": "http://t:8020", "FAHRWERK_BIND": "0.0.0.0"},
    ):
        assert bad(public | more) == {}


def test_an_ffmpeg_that_is_not_there_gets_the_remedy(environ, monkeypatch):
    monkeypatch.setenv("FAHRWERK_FFMPEG", "/nowhere/ffmpeg")
    assert "/nowhere/ffmpeg" in bad(environ)["ffmpeg"]


def test_the_own_database_is_looked_at_but_not_made(place):
    environ = {"FAHRWERK_DATA_DIR": str(place / "data")}
    assert bad(environ) == {} and not (place / "data" / "postgres").exists()
    with running(Settings.from_env(environ), ("fsync=off",)):
        found = {finding.subject: finding for finding in examine(environ)}
    assert found["database"].good and "PostgreSQL 18" in found["database"].text


def test_a_database_of_another_major_version_is_a_finding(place):
    (place / "data" / "postgres").mkdir(parents=True)
    (place / "data" / "postgres" / "PG_VERSION").write_text("17\n")
    assert "PostgreSQL 17" in bad({"FAHRWERK_DATA_DIR": str(place / "data")})["database"]
