"""XML from outside: no entities, no network, no DTD; comments and processing instructions are left out."""

from __future__ import annotations

from lxml import etree


class NotPlain(Exception):
    """A text is no XML that is accepted; the message begins a sentence that the reader ends with the remedy."""


def plain_root(text: str, what: str, kind: str = "XML") -> etree._Element:
    """Return the root of an XML text. Raise NotPlain, which names *what* the text is and the *kind* it should be."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise NotPlain(f"{what} is no well-formed {kind} ({error})") from error
    if root.getroottree().docinfo.doctype:
        raise NotPlain(f"{what} has a DOCTYPE, which is not accepted")
    return root
