"""The profiles that come with Fahrwerk, made at their first use."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

_X264 = {
    "Format.Video.Codec": "libx264",
    "Format.Video.Preset": "medium",
    "Format.Audio.Codec": "aac",
}
SHIPPED: Mapping[str, tuple[str, str, str, Mapping[str, str]]] = {
    "hd": (
        "MP4 H.264 720p",
        "mp4",
        "video.xsl",
        _X264
        | {
            "Format.Video.MaxWidth": "1280",
            "Format.Video.MaxHeight": "720",
            "Format.Video.CRF": "22",
            "Format.Audio.Bitrate": "128k",
        },
    ),
    "sd": (
        "MP4 H.264 360p",
        "mp4",
        "video.xsl",
        _X264
        | {
            "Format.Video.MaxWidth": "640",
            "Format.Video.MaxHeight": "360",
            "Format.Video.CRF": "24",
            "Format.Audio.Bitrate": "96k",
        },
    ),
    "mp3": ("MP3", "mp3", "audio.xsl", {"Format.Audio.Codec": "libmp3lame", "Format.Audio.Bitrate": "128k"}),
    "opus": ("Opus", "opus", "audio.xsl", {"Format.Audio.Codec": "libopus", "Format.Audio.Bitrate": "64k"}),
}
"""Slug -> name, extension, template file, properties."""


def template(file: str) -> str:
    """Return the text of a template that comes with Fahrwerk."""
    return resources.files("tracker").joinpath("shipped", file).read_text(encoding="utf-8")
