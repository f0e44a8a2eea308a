"""Templates for tests."""

from __future__ import annotations

from lxml import etree

HEAD = '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
FFMPEG = '<option filetype="exe">ffmpeg</option>'
OUT = '<option filetype="out">/video/x.mp4</option>'


def sheet(body: str, before: str = "") -> str:
    """Return a stylesheet whose job contains *body*; *before* stands in front of its template."""
    return f'{HEAD}{before}<xsl:template match="/"><job>{body}</job></xsl:template></xsl:stylesheet>'


def task(*options: str, kind: str = "encoding") -> str:
    """Return a stylesheet that makes one task with ffmpeg and these options."""
    return sheet(f'<tasks><task type="{kind}">{FFMPEG}{"".join(options)}{OUT}</task></tasks>')


def value_of(name: str) -> str:
    """Return what puts a property into a job."""
    return f"<xsl:value-of select=\"/properties/property[@name='{name}']\"/>"


def options(job: bytes) -> list[str]:
    """List the texts of a job's options."""
    return [option.text or "" for option in etree.fromstring(job).iter("option")]
