"""A template as a stylesheet: loaded and applied without file or network access, its mistakes told with their place."""

from __future__ import annotations

import xml.parsers.expat
from collections.abc import Iterator, Mapping

from lxml import etree

from tracker.errors import InvalidInput

XSL = "http://www.w3.org/1999/XSL/Transform"
MAX_TEMPLATE = 500_000
"""Characters; the largest that are in use have some 30,000."""

_FORBIDDEN = {"import": "an import", "include": "an include", "document": "a document that is written"}
_TAKES_IN = "The template takes in {} at {}; it has to be in one piece."
_WRITERS = {"http://exslt.org/common": ("document",), "http://icl.com/saxon": ("output",)}


def parsed(template: str) -> etree._Element:
    """Read a template as XML. Raises InvalidInput with line and column for what is not well-formed, or a DOCTYPE."""
    if len(template) > MAX_TEMPLATE:
        raise refusal(f"The template is longer than {MAX_TEMPLATE} characters.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8"
    )  # text by now: what it says about its encoding was true of a file
    try:
        root = etree.fromstring(template.encode(), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        text = (error.msg or "it is empty").split(", line ")[0]
        raise refusal(f"The template is no well-formed XML: {text}, line {line}, column {column}.") from error
    except UnicodeEncodeError as error:
        raise refusal("The template has characters that no XML can have.") from error
    if root.getroottree().docinfo.doctype:
        raise refusal("The template has a DOCTYPE; remove it.")
    return root


def compiled(root: etree._Element, template: str) -> etree.XSLT:
    """Load a stylesheet, the parsed *template*, that may neither read nor write anything. Raises InvalidInput."""
    for name in ("import", "include"):
        for other in root.iter(f"{{{XSL}}}{name}"):
            # The parser reads these files before any access control is asked.
            raise refusal(_TAKES_IN.format(other.get("href"), f"line {other.sourceline}"))
    try:
        return etree.XSLT(root, access_control=etree.XSLTAccessControl.DENY_ALL, regexp=False)
    except etree.XSLTParseError as error:
        raise refusal(f"The template is no XSLT stylesheet: {_reason(error, template)}.") from error


def applied(template: str, values: Mapping[str, str]) -> etree._Element:
    """Apply a template to a ``<properties>`` document with the *values* by name. Raises InvalidInput."""
    root = etree.Element("properties")
    for name, value in sorted(values.items()):
        etree.SubElement(root, "property", name=name).text = value
    try:
        job = compiled(parsed(template), template)(etree.ElementTree(root))
    except etree.XSLTApplyError as error:
        raise refusal(f"The template cannot be applied: {_reason(error, template)}.") from error
    if job.getroot() is None:
        raise refusal("The template made no job.")
    element: etree._Element = job.getroot()
    return element


def _reason(error: etree.XSLTError, template: str) -> str:
    """Say what libxslt found, with the line and where its first element begins: of columns it knows nothing."""
    line = next((entry.line for entry in error.error_log if entry.line), 0)
    text = str(error).rstrip(".") or "for no reason it gives"
    begun = f"line {line}, "
    place = next((place for place in places(template) if place.startswith(begun)), f"{begun}column 1")
    return f"{text}, {place}" if line else text


def refusal(sentence: str) -> InvalidInput:
    """Make the refusal of a template."""
    return InvalidInput(sentence, "template")


def places(template: str) -> list[str]:
    """Return where each element of a well-formed template begins, in document order: `line 3, column 5`."""
    found: list[str] = []
    reader = xml.parsers.expat.ParserCreate("utf-8")

    def note(_name: str, _attributes: object) -> None:
        found.append(f"line {reader.CurrentLineNumber}, column {reader.CurrentColumnNumber + 1}")

    reader.StartElementHandler = note
    reader.Parse(template.encode(), True)
    return found


def forbidden(root: etree._Element, where: Mapping[etree._Element, str]) -> Iterator[str]:
    """Yield a sentence for each thing a stylesheet may not have."""
    for element in root.iter(etree.Element):
        space, name = etree.QName(element).namespace, etree.QName(element).localname
        if (space == XSL and name in _FORBIDDEN) or name in _WRITERS.get(space or "", ()):
            what = element.get("href") or _FORBIDDEN.get(name, name)
            yield _TAKES_IN.format(what, where[element])
        for value in element.attrib.values():
            if "document(" in str(value).replace(" ", "") or "unparsed-entity-uri(" in str(value):
                yield f"The template reads a document at {where[element]}; it has to be in one piece."
