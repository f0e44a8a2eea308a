"""Settings: everything from FAHRWERK_*, all mistakes at once, secrets kept closed."""

from __future__ import annotations

import re
import stat
from dataclasses import fields
from pathlib import Path

import pytest

from tracker import settings
from tracker.settings import Settings, SettingsError

ROOT = Path(__file__).parents[2]
KEY = "k" * 32


def problems(**environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({f"FAHRWERK_{name}": text for name, text in environ.items()})
    return caught.value.problems


def read(tmp_path: Path, **environ: str) -> Settings:
    return Settings.from_env(
        {f"FAHRWERK_{name}": text for name, text in ({"DATA_DIR": str(tmp_path)} | environ).items()}
    )


def test_it_has_a_default_for_everything(tmp_path):
    made = read(tmp_path)
    assert (made.embedded, made.bind, made.port, made.media_roots) == (True, "127.0.0.1", 8020, ())


def test_it_reports_all_mistakes_at_once():
    found = problems(PORT="http", BIND="everywhere", DATABASE_URL="mysql://x/y", LOG_FORMAT="xml", PROT="1")
    assert [line.split()[0] for line in found] == [
        "FAHRWERK_PROT", "FAHRWERK_DATABASE_URL", "FAHRWERK_BIND", "FAHRWERK_PORT", "FAHRWERK_LOG_FORMAT",
    ]  # fmt: skip


def test_it_guesses_what_a_mistyped_name_meant():
    assert problems(DATABSE_URL="x") == ["FAHRWERK_DATABSE_URL is unknown; did you mean FAHRWERK_DATABASE_URL?"]


def test_it_says_what_took_the_place_of_an_old_name():
    (found,) = problems(PROXY_HOPS="1")
    assert found.startswith("FAHRWERK_PROXY_HOPS is no more: FAHRWERK_PROXIES")


def test_proxies_are_addresses_and_networks(tmp_path):
    found = read(tmp_path, PROXIES="127.0.0.1, 10.0.0.0/8,2001:db8::/32").proxies
    assert [str(network) for network in found] == ["127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32"]
    for wrong in ("localhost", "10.0.0.1/8", "10.0.0.0/33", "1"):
        assert "must be addresses or networks" in problems(PROXIES=wrong)[0]


def test_a_switch_is_on_or_off(tmp_path):
    assert [read(tmp_path, RPC_V3=text).rpc_v3 for text in ("on", "OFF", "")] == [True, False, True]
    assert problems(RPC_V3="yes") == ["FAHRWERK_RPC_V3 must be on or off, not 'yes'"]


def test_a_token_for_metrics_has_to_be_long():
    for wrong in ("short", "with blanks in the middle of it", "ü" * 20):
        assert "at least 16" in problems(METRICS_TOKEN=wrong)[0]


def test_it_leaves_names_of_workers_alone(tmp_path):
    assert read(tmp_path, WORKER_ROOTS="/video", LEASE_S="20", SOMETHING_QUITE_DIFFERENT="1").port == 8020


def test_every_name_that_scripts_read_is_known():
    found = {
        name
        for path in (ROOT / "scripts").rglob("*.py")
        for name in re.findall(r"FAHRWERK_([A-Z][A-Z_]*[A-Z])", path.read_text(encoding="utf-8"))
    }
    assert found <= settings.ELSEWHERE | {"SECRET", "SECRET_FILE"}


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_a_database_elsewhere_is_reached_by_the_driver_we_ship(tmp_path, scheme):
    made = read(tmp_path, DATABASE_URL=f"{scheme}://me:pw@db/x", SECRET_KEY=KEY, SECRET="worker")
    assert (made.database_url, made.embedded) == ("postgresql+psycopg2://me:pw@db/x", False)


def test_a_database_elsewhere_needs_secrets_from_outside():
    assert [line.split()[0] for line in problems(DATABASE_URL="postgresql://db/x")] == [
        "FAHRWERK_SECRET_KEY",
        "FAHRWERK_SECRET",
    ]


def test_secrets_are_made_once_and_kept_closed(tmp_path):
    first, second = read(tmp_path / "new"), read(tmp_path / "new")
    assert (first.secret_key, first.secret) == (second.secret_key, second.secret)
    assert len(first.secret_key) == 64 and first.secret_key != first.secret
    files = [tmp_path / "new" / name for name in ("secret-key", "worker-secret")]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]


def test_secrets_may_come_from_files(tmp_path):
    (tmp_path / "key").write_text(KEY + "\n")
    assert read(tmp_path, SECRET_KEY_FILE=str(tmp_path / "key")).secret_key == KEY


def test_a_secret_may_not_come_from_two_places(tmp_path):
    assert "both set" in problems(SECRET="a", SECRET_FILE=str(tmp_path / "b"))[0]


def test_a_secret_file_that_is_not_there_is_named(tmp_path):
    assert str(tmp_path / "none") in problems(SECRET_FILE=str(tmp_path / "none"))[0]


def test_a_short_key_is_refused():
    assert "at least 32" in problems(SECRET_KEY="abc")[0]


def test_folders_must_be_absolute_and_there(tmp_path):
    assert "absolute" in problems(MEDIA_ROOTS="video")[0]
    assert "/" in problems(DATA_DIR="/")[0]
    assert str(tmp_path / "none") in problems(MEDIA_ROOTS=f"{tmp_path}:{tmp_path / 'none'}")[0]


def test_a_data_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in problems(DATA_DIR=str(tmp_path / "file" / "below"))[0]


def test_secrets_are_not_in_the_repr(tmp_path):
    made = read(tmp_path, DATABASE_URL="postgresql://me:pass%40word@db/x", SECRET_KEY=KEY, SECRET="scripts")
    assert not any(secret in repr(made) for secret in (*made.secrets, "pass"))
    assert "scripts" in made.secrets


def test_the_table_in_the_docs_is_the_dataclass():
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert settings.table() in page


def test_every_setting_is_used():
    code = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tracker").rglob("*.py") if path.name != "settings.py"
    )
    assert [item.name for item in fields(Settings) if not re.search(rf"\.{item.name}\b", code)] == []
