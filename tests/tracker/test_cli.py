"""The command `fahrwerk`, as a process where its exit code matters."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from tracker import cli

FAHRWERK = Path(sys.executable).with_name("fahrwerk")


def fahrwerk(*args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("FAHRWERK_")}
    env |= {f"FAHRWERK_{name}": value for name, value in environ.items()}
    return subprocess.run([FAHRWERK, *args], env=env, capture_output=True, text=True, timeout=60)


def database(url: str) -> dict[str, str]:
    return {"DATABASE_URL": url, "SECRET_KEY": "k" * 32, "SECRET": "worker"}


def test_help_lists_every_command_without_loading_one():
    done = fahrwerk("--help")
    assert done.returncode == 0 and all(f"  {name} " in done.stdout for name in cli.COMMANDS)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_can_be_loaded_and_documents_itself(name):
    command = import_module(cli.COMMANDS[name][0]).command
    assert isinstance(command, click.Command) and command.help
    for sub in getattr(command, "commands", {}).values():
        assert sub.help


def test_it_knows_its_version():
    assert fahrwerk("--version").stdout == "fahrwerk 0.1.0\n"


def test_an_unknown_command_is_refused():
    assert fahrwerk("dance").returncode == 2


def test_the_database_can_be_upgraded_exported_and_imported(new_database, tmp_path):
    url, other, dump = new_database("template0"), new_database("template0"), str(tmp_path / "dump")
    assert fahrwerk("db", "status", **database(url)).returncode == 1
    for command in (["upgrade"], ["status"], ["export", dump]):
        assert fahrwerk("db", *command, **database(url)).returncode == 0
    done = fahrwerk("db", "import", dump, **database(other))
    assert done.returncode == 0 and done.stdout.startswith("Imported; the database is at revision")


def test_a_refusal_is_one_sentence(committed_db, tmp_path):
    done = fahrwerk("db", "import", str(tmp_path / "none"), **database(committed_db))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"fahrwerk: There is no file {tmp_path / 'none'}.\n"


def test_a_bug_leaves_a_traceback_and_a_sentence(monkeypatch, capsys, caplog):
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(cli, "cli", fail)
    with pytest.raises(SystemExit, match="1"):
        cli.main([])
    assert "please report" in capsys.readouterr().err and "RuntimeError: a bug" in caplog.text


def test_a_missing_package_is_named_with_the_extra_that_brings_it(tmp_path, monkeypatch, capsys):
    (tmp_path / "needs_much.py").write_text("import package_that_is_not_there")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(cli.COMMANDS, "much", ("needs_much", "Do much."))
    with pytest.raises(SystemExit):
        cli.main(["much"])
    assert "needs the package package_that_is_not_there: pip install 'fahrwerk[server]'" in capsys.readouterr().err
