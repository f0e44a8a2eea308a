"""``fahrwerk demo``."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from demo import conference, inspect, play
from demo.stage import Stage, StageFailed, free_port

PATIENCE_S = 900.0


@click.command()
@click.option("--once", is_flag=True, help="Take all talks through, inspect what was released, stop everything.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print the inspection as JSON.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep everything in this new folder.")
@click.option("--port", type=int, default=0, help="Port of the pages; by default any that is free.")
def command(once: bool, as_json: bool, folder: Path | None, port: int) -> None:
    """Run an invented conference through the whole pipeline, on this machine alone.

    One talk is left to be cut and one encoding to be checked: log in and try it. Ends with Ctrl-C.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    place = _place(folder)
    stage = Stage(place, port or free_port())
    began = time.monotonic()
    running = play.Play(stage, lambda line: click.echo(f"{time.monotonic() - began:5.0f} s  {line}", err=True), once)
    try:
        code = _perform(running, once, as_json)
    except KeyboardInterrupt:
        code = 130 if once else 0
    except StageFailed as error:
        click.echo(f"fahrwerk demo: {error}\nThe logs are in {place / 'logs'}.", err=True)
        code, folder = 1, place
    finally:
        stage.stop()
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)
    sys.exit(code)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _place(folder: Path | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="fahrwerk-demo-"))
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} is not empty; name a new folder.")
    return folder.resolve()


def _perform(running: play.Play, once: bool, as_json: bool) -> int:
    running.open()
    if not once:
        _invite(running)
    running.run(PATIENCE_S)
    if not once:
        click.echo(_invitation(running, ready=True))
        with suppress(KeyboardInterrupt):
            _wait(running)
        return 0
    found = inspect.result(running)
    click.echo(json.dumps({"talks": found["talks"]}, ensure_ascii=False, indent=2) if as_json else _table(found))
    for problem in found["problems"]:
        click.echo(f"fahrwerk demo: {problem}", err=True)
    return 1 if found["problems"] else 0


def _invite(running: play.Play) -> None:
    click.echo(_invitation(running, ready=False))


def _invitation(running: play.Play, *, ready: bool) -> str:
    cutter, checker = (f"{name} / {running.passwords[name]}" for name in (play.CUTTER, play.CHECKER))
    address = f"{running.stage.url}/{conference.SLUG}/"
    if not ready:
        return f"\n  {address}\n  logins (name / password):  {cutter}   {checker}\n"
    return (
        f"\nReady. {address}\n"
        f"  talk {play.LEFT_TO_CUT} waits to be cut: log in as      {cutter}\n"
        f"  talk {play.LEFT_TO_CHECK} waits to be checked: log in as  {checker} (who may also release)\n"
        f"  Files lie in {running.stage.mount}; Ctrl-C ends the demonstration and deletes them.\n"
    )


def _wait(running: play.Play) -> None:
    """Keep everything running for the visitor; what the visitor cuts is really encoded."""
    nothing = threading.Event()
    while not nothing.wait(1.0):
        if gone := running.stage.dead():
            raise StageFailed(f"{gone[0]} ended by itself:\n{running.stage.log_tail(gone[0])}")


def _table(found: dict[str, Any]) -> str:
    lines = []
    for talk in found["talks"]:
        lines.append(f"{talk['fahrplan_id']} {talk['title']}: {talk['states'][-1]}")
        lines += [
            f"    {file['profile']:5} {file['frames'] or '-'} of {file['expected_frames'] or '-'} pictures, "
            f"sound {file['av_offset_ms']} ms, {file['path']}"
            for file in talk["files"]
        ]
    return "\n".join(lines)
