"""Slides around a talk: an SVG template filled with the talk's data, drawn, and made a film that fits the recording."""

from scripts.media.slides.chosen import Chosen, chosen, seconds_of
from scripts.media.slides.draw import Drawing, SlideError, draw
from scripts.media.slides.fill import KINDS, SHIPPED, filled, template, without_value
from scripts.media.slides.film import Shape, make_film, shape_of

__all__ = [
    "KINDS",
    "SHIPPED",
    "Chosen",
    "Drawing",
    "Shape",
    "SlideError",
    "chosen",
    "draw",
    "filled",
    "make_film",
    "seconds_of",
    "shape_of",
    "template",
    "without_value",
]
