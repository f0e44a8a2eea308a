"""The units in deploy/: what they start is there, and takes the arguments it is given."""

from __future__ import annotations

import configparser
from pathlib import Path

import click
import pytest

from tracker.cli import cli

DEPLOY = Path(__file__).parents[1] / "deploy"
SERVICES = sorted(DEPLOY.glob("*.service"))


def read(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(path.read_text(encoding="utf-8"))
    return unit


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_starts_a_command_that_exists(path: Path) -> None:
    program, *args = read(path)["Service"]["ExecStart"].split()
    assert Path(program).name == "fahrwerk"
    context: click.Context = click.Context(cli, info_name="fahrwerk")
    command: click.Command = cli
    while isinstance(command, click.Group):
        name, found, args = command.resolve_command(context, args)
        assert found is not None and name
        command, context = found, click.Context(found, info_name=name, parent=context)
    command.make_context(command.name, args, parent=context)


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.timer")), ids=lambda path: path.name)
def test_a_timer_has_its_service_and_a_time(path: Path) -> None:
    assert path.with_suffix(".service") in SERVICES
    assert read(path)["Timer"]["OnCalendar"] == "minutely"
