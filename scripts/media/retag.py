"""Other metadata in a finished file: the container is written anew, picture and sound are copied and proved equal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import av
from av.error import FFmpegError

from scripts.media import ffmpeg
from scripts.media.ffmpeg import StopTest

TAGS = ("title", "artist", "album", "copyright", "date", "comment")
_EXTRA = {
    ".mp4": ("-movflags", "+faststart"),
    ".m4a": ("-movflags", "+faststart"),
    ".avi": ("-avoid_negative_ts", "disabled"),
}


class RetagFailed(Exception):
    """The file with the new metadata is not the one it was made from; the sentence says in what."""


def wanted(text: str) -> dict[str, str]:
    """Read Encoding.Metadata: a JSON object of tags. Raises RetagFailed."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(name in TAGS and isinstance(value, str) for name, value in found.items()):
        raise RetagFailed(
            f"Encoding.Metadata is no JSON object of {', '.join(TAGS)}; delete it and correct the talk anew."
        )
    return found


def build_command(source: Path, target: Path, tags: Mapping[str, str]) -> list[str]:
    """Return the command that copies all streams and chapters and sets *tags*; an empty one goes."""
    command = ["ffmpeg", "-y", "-i", str(source)]
    command += ["-map", "0:v?", "-map", "0:a?", "-map", "0:s?", "-c", "copy"]
    for name, value in sorted(tags.items()):
        command += ["-metadata", f"{name}={value}"]
    return [*command, *_EXTRA.get(target.suffix.lower(), ()), str(target)]


def retag(source: Path, target: Path, tags: Mapping[str, str], *, stop: StopTest | None = None) -> None:
    """Write *source* with other *tags* to *target*, and prove that nothing else became another.

    Raises RetagFailed, FfmpegFailed, Stopped.
    """
    ffmpeg.run(build_command(source, target, tags), stop=stop)
    before, after = contents(source), contents(target)
    if before != after:
        raise RetagFailed(
            f"{source.name} with the corrected metadata has other picture or sound than before: encode it anew."
        )


def contents(path: Path) -> Sequence[tuple[str, int, str]]:
    """Return codec, packets and SHA-256 of what they hold, of each stream of picture, sound and subtitles."""
    try:
        with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
            streams = [each for each in container.streams if each.type in ("video", "audio", "subtitle")]
            digests = {each.index: (hashlib.sha256(), [0]) for each in streams}
            for packet in container.demux(streams):
                if packet.size:
                    digest, count = digests[packet.stream.index]
                    digest.update(bytes(packet))
                    count[0] += 1
            return [
                (str(each.codec_context.name), digests[each.index][1][0], digests[each.index][0].hexdigest())
                for each in streams
            ]
    except FFmpegError as error:
        raise RetagFailed(f"{path.name} cannot be read ({error.strerror}): encode it anew.") from error


def carried(path: Path) -> dict[str, str]:
    """Return Encoding.Tags: the tags of a file and the languages of its audio tracks, as JSON; '' without any."""
    tags: dict[str, object] = dict(tags_of(path))
    languages = languages_of(path)
    if any(languages):
        tags["languages"] = languages
    return {"Encoding.Tags": json.dumps(tags, ensure_ascii=False) if tags else ""}


def tags_of(path: Path) -> dict[str, str]:
    """Return the tags of a file that people look at, in small letters; {} when it cannot be read."""
    try:
        with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
            found = dict(container.metadata)
            for stream in container.streams.audio:
                found = {**stream.metadata, **found}
    except FFmpegError:
        return {}
    small = {name.lower(): value for name, value in found.items()}
    return {name: small[name] for name in TAGS if small.get(name)}


def languages_of(path: Path) -> list[str]:
    """Return the language of each audio track, '' where the file does not say; [] when it cannot be read."""
    try:
        with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
            return [stream.metadata.get("language", "") for stream in container.streams.audio]
    except FFmpegError:
        return []
