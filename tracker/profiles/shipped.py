"""The profiles that come with Fahrwerk, made at their first use."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

_X264 = {
    "Format.Video.Codec": "libx264",
    "Format.Video.Preset": "medium",
    "Format.Audio.Codec": "aac",
}
_STEREO = {"Format.Audio.Channels": "2"}
"""Also of a recording in 5.1, for which the bit rates are too low, and whose channels libopus does not take."""
_LOUD = {"Format.Audio.Loudness": "-16", **_STEREO}
_OPUS = {"Format.Audio.Codec": "libopus", "Format.Audio.Bitrate": "96k"}


def _box(width: int, height: int) -> dict[str, str]:
    return {"Format.Video.MaxWidth": str(width), "Format.Video.MaxHeight": str(height)}


def _h264(width: int, height: int, crf: int, audio: str, **more: str) -> dict[str, str]:
    stored = {"Format.Video.CRF": str(crf), "Format.Audio.Bitrate": audio}
    return _X264 | _box(width, height) | stored | {f"Format.Video.{name}": value for name, value in more.items()}


SHIPPED: Mapping[str, tuple[str, str, str, Mapping[str, str]]] = {
    "2160p": (
        "MP4 H.264 2160p",
        "mp4",
        "video.xsl",
        _h264(3840, 2160, 22, "160k", Profile="high", MaxBitrate="25M") | _LOUD,
    ),
    "1080p": (
        "MP4 H.264 1080p",
        "mp4",
        "video.xsl",
        _h264(1920, 1080, 22, "128k", Profile="high", MaxBitrate="8M") | _LOUD,
    ),
    "hd": ("MP4 H.264 720p", "mp4", "video.xsl", _h264(1280, 720, 22, "128k") | _STEREO),
    "480p": (
        "MP4 H.264 480p",
        "mp4",
        "video.xsl",
        _h264(854, 480, 23, "96k", Profile="main", MaxBitrate="1500k", MaxFPS="30") | _LOUD,
    ),
    "sd": ("MP4 H.264 360p", "mp4", "video.xsl", _h264(640, 360, 24, "96k") | _STEREO),
    "vp9": (
        "WebM VP9 1080p",
        "webm",
        "video.xsl",
        {
            "Format.Video.Codec": "libvpx-vp9",
            "Format.Video.CRF": "33",
            "Format.Video.Bitrate": "0",
            "Format.Video.Speed": "4",
        }
        | _box(1920, 1080)
        | _OPUS
        | _LOUD,
    ),
    "av1": (
        "WebM AV1 1080p",
        "webm",
        "video.xsl",
        {"Format.Video.Codec": "libsvtav1", "Format.Video.Preset": "8", "Format.Video.CRF": "35"}
        | _box(1920, 1080)
        | _OPUS
        | _LOUD,
    ),
    "mkv": (
        "Matroska H.264 1080p",
        "mkv",
        "video.xsl",
        _h264(1920, 1080, 20, "128k", Profile="high") | _OPUS | {"Format.Audio.Bitrate": "128k"} | _LOUD,
    ),
    "avi": (
        "AVI MPEG-4 480p",
        "avi",
        "video.xsl",
        {
            "Format.Video.Codec": "mpeg4",
            "Format.Video.Quality": "4",
            "Format.Video.MaxFPS": "30",
            "Format.Audio.Codec": "libmp3lame",
            "Format.Audio.Bitrate": "128k",
        }
        | _box(854, 480)
        | _LOUD,
    ),
    "theora": (
        "OGG Theora 480p",
        "ogv",
        "video.xsl",
        {
            "Format.Video.Codec": "libtheora",
            "Format.Video.Quality": "7",
            "Format.Video.MaxFPS": "30",
            "Format.Audio.Codec": "libvorbis",
            "Format.Audio.Bitrate": "96k",
        }
        | _box(854, 480)
        | _LOUD,
    ),
    "mp3": ("MP3", "mp3", "audio.xsl", {"Format.Audio.Codec": "libmp3lame", "Format.Audio.Bitrate": "128k"} | _STEREO),
    "opus": ("Opus", "opus", "audio.xsl", {"Format.Audio.Codec": "libopus", "Format.Audio.Bitrate": "64k"} | _STEREO),
}
"""Slug -> name, extension, template file, properties."""


def template(file: str) -> str:
    """Return the text of a template that comes with Fahrwerk."""
    return resources.files("tracker").joinpath("shipped", file).read_text(encoding="utf-8")
