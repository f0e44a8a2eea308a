"""Recordings of an invented conference, made as room recorders make them and measurable to the frame.

`record_room` writes the files; `demo.measure` reads codes and clicks back from whatever was made of them.
"""

from demo.footage.framecode import read_code
from demo.footage.recorder import Recorded, RecordingFailed, record_room

__all__ = ["Recorded", "RecordingFailed", "read_code", "record_room"]
