"""What docs/profiles.md shows is true: its template is saved as it stands and makes the files it says."""

from __future__ import annotations

import re
import shlex
from contextlib import ExitStack
from importlib import resources
from pathlib import Path

import av
from click.testing import CliRunner

from scripts.media import ffmpeg
from scripts.media.jobfile import parse
from scripts.media.jobplaces import JobPlaces
from scripts.media.jobrules import FILETYPES
from scripts.media.programs import ALLOWED
from tests.factories import encoding, make_recording
from tracker import cli, profiles, properties

TEXT = (Path(__file__).parents[3] / "docs" / "profiles.md").read_text(encoding="utf-8")
TEMPLATE = re.findall(r"```xsl\n(.*?)```", TEXT, re.DOTALL)[0]
VALUES = dict(word.split("=") for word in re.findall(r"--set\s+(Format[\w.]+=\w+)", TEXT))


def test_the_template_makes_what_the_document_says(project, tmp_path):
    assert profiles.check_template(TEMPLATE, VALUES) == []
    profiles.create("web", "WebM", "webm", TEMPLATE, VALUES)
    profiles.use(project, "web")
    properties.write(project, {f"Processing.Path.{name}": str(tmp_path) for name in ("Tmp", "Output")})
    talk = make_recording(project, "copied", values={"Fahrplan.Person_list": "Alice"})
    master = tmp_path / "demo" / str(talk.fahrplan_id) / "cut.mkv"
    master.parent.mkdir(parents=True)
    lavfi = ["-f", "lavfi", "-i", "testsrc2=s=160x90:d=0.4", "-f", "lavfi", "-i", "sine=r=48000:d=0.4"]
    ffmpeg.run(["ffmpeg", *lavfi, "-pix_fmt", "yuv420p", "-c:a", "flac", str(master)])
    with ExitStack() as stack:
        places = JobPlaces([tmp_path], 1, stack)
        for task in parse(profiles.jobfile(encoding(talk, "web")).decode()):
            ffmpeg.run_pipe(places.commands(task))
    with av.open(str(next(tmp_path.glob("*.webm")))) as made:
        assert [stream.type for stream in made.streams] == ["video", "audio"]
        assert made.metadata["title"] == "A talk"
    with av.open(str(next(tmp_path.glob("*.opus")))) as sound:
        assert [stream.codec_context.name for stream in sound.streams] == ["opus"]


def test_a_talk_without_speakers_fails_with_the_text_of_the_template():
    job = profiles.render(TEMPLATE, VALUES).decode()
    assert "<error>The talk has no speakers: complete the Fahrplan.</error>" in job


def test_all_commands_filetypes_programs_and_properties_are_named():
    for words in re.findall(r"`fahrwerk ((?:profile|project profile) [^`\[]*)", TEXT):
        known = [word for word in shlex.split(words) if word.islower() and word.isalpha()]
        assert CliRunner().invoke(cli.cli, [*known, "--help"]).exit_code == 0, words
    assert all(f'`filetype="{name}"`' in TEXT or f'`"{name}"`' in TEXT for name in FILETYPES[1:])
    assert f"`{' '.join(ALLOWED)}`" in TEXT
    used = {
        name
        for sheet in ("video.xsl", "audio.xsl")
        for name in re.findall(r"Format[\w.]+", resources.files("tracker").joinpath("shipped", sheet).read_text())
    }
    assert {name for name in used if f"`{name}`" not in TEXT} == {"Format."}
