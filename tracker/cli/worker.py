"""``fahrwerk worker``: the six scripts. Runs on hosts that have nothing of the server installed."""

from __future__ import annotations

import sys
from importlib import import_module

import click

SCRIPTS = {
    "record": ("scripts.script_a_recording", "RecordingJob", "Script A: scheduled -> recording -> recorded."),
    "merge": ("scripts.script_b_merge", "MergeJob", "Script B: recorded -> merging -> merged."),
    "copy": ("scripts.script_c_copy", "CopyJob", "Script C: cut -> copying -> copied."),
    "encode": ("scripts.encoder", "EncodeJob", "The encoder: ready to encode -> encoding -> encoded."),
    "postprocess": ("scripts.script_d_postprocess", "PostprocessJob", "Script D: checked -> postprocessed."),
    "release": ("scripts.script_e_release", "ReleaseJob", "Script E: ready to release -> released; withdrawals."),
}
"""Name of the command -> module, class of the job, line of help."""


@click.group()
def command() -> None:
    """Run one of the scripts, for ever or for one turn (settings: docs/scripts.md)."""


def _add(name: str, module: str, job: str, help_line: str) -> None:
    @click.option("--once", is_flag=True, help="Make one turn over the projects and stop.")
    @click.option("--name", help="Label in the worker's host name instead of the lowest free one, like encoder1.")
    def run(once: bool, name: str | None) -> None:
        from scripts.worker.main import serve  # loaded when used: the help needs no media libraries

        sys.exit(serve(getattr(import_module(module), job)(), once=once, name=name))

    command.command(name, help=help_line)(run)


for _name, _script in SCRIPTS.items():
    _add(_name, *_script)
