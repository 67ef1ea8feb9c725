"""XML as the wire may carry it: no DTD, no entities of its own, nothing fetched, and bytes in the agreed encoding.

The text is decoded here and handed to the parser in UTF-8: declared encodings are often not the one sent, and what a
parser does with a wrong byte depends on its version. A DTD is refused before the parser sees it, whatever its version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from expectations.errors import SourceChanged

Element = Any
_DECLARATION = re.compile(rb"\s*<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_DTD = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def parse_xml(body: bytes, codecs: Mapping[str, str], undeclared: str) -> Element:
    """The root of one document.

    codecs: declared encoding in lower case -> the codec its bytes are read in; any other declaration is refused.
    Raises SourceChanged DE-ENC, DE-XML; the texts hold positions, never a value.
    """
    declaration = _DECLARATION.match(body)
    declared = _ENCODING.search(declaration[0]) if declaration else None
    codec = codecs.get(declared[1].decode("ascii").lower()) if declared else undeclared
    if codec is None:
        raise SourceChanged("DE-ENC", detail=f"an encoding other than {', '.join(sorted(codecs))} is declared")
    text, fault = _decoded(body[declaration.end() if declaration else 0 :], codec)
    if text is None:
        raise SourceChanged("DE-ENC", detail=fault)
    if _DTD.search(text):
        raise SourceChanged("DE-XML", detail="the document holds a DTD")
    root, fault = _parsed(text)
    # Raised out here: a chained parser or codec error would carry the text.
    if root is None:
        raise SourceChanged("DE-XML", detail=fault)
    return root


def _decoded(body: bytes, codec: str) -> tuple[str | None, str]:
    try:
        text = body.decode(codec)
        text.encode("utf-8")
    except UnicodeDecodeError as error:
        return None, f"not {codec} at byte {error.start} after the declaration"
    except UnicodeEncodeError:
        return None, "a lone surrogate"
    return text, ""


def _parsed(text: str) -> tuple[Element | None, str]:
    # One parser a document: lxml keeps the names it has seen for as long as a parser lives.
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(text.encode("utf-8"), parser), ""
    except etree.XMLSyntaxError as error:
        return None, f"malformed at line {error.lineno}"


def local_name(element: Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: Element, name: str) -> Element | None:
    """The first child of that local name, or None."""
    return next((node for node in element if local_name(node) == name), None)


def text_of(element: Element | None) -> str | None:
    """The text without white space around it; None for an element that is missing or empty."""
    text = "" if element is None else "".join(element.itertext()).strip()
    return text or None
