"""JSON as the wire may carry it: one meaning or none.

A body that orjson writes again byte for byte as it read it has one meaning: no key came twice, no digit was lost. So
it is for the compact JSON most servers send. Any other body goes to the standard library's decoder, whose hooks see
every pair and every number. On a page of 1,000 nested records (1.5 MB, 3.11): 9 ms against 19 ms.

A number with a fraction becomes a Decimal there, so that `str` gives back 35.50 as the source wrote it; here it is a
float only if its shortest form is what the source wrote.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from itertools import chain
from math import isinf
from typing import Any, NoReturn

import orjson

from expectations.errors import SourceChanged

MAX_DEPTH = 64
MAX_DIGITS = 64
_NO_STRUCTURE = bytes(set(range(256)) - set(b'"\\[]{}'))
_CONTAINERS = frozenset({dict, list})
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _Refused(ValueError):
    """Well-formed by the letter, but without one meaning."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Refused("one object holds a key twice")
    return members


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _Refused(f"a number of {len(text)} characters")
    return int(text)


def _fraction(text: str) -> Decimal:
    if len(text) > MAX_DIGITS:
        raise _Refused(f"a number of {len(text)} characters")
    if isinf(float(text)):
        raise _Refused("a number out of range")
    return Decimal(text)


def _constant(text: str) -> NoReturn:
    raise _Refused("NaN or Infinity")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)


def decode_json(body: bytes) -> Any:
    """The value of one JSON text. Raises SourceChanged DE-JSON naming the fault, never a value."""
    value, fault = _decode(body)
    # Raised out here: a chained UnicodeDecodeError or JSONDecodeError would carry the whole body.
    if fault:
        raise SourceChanged("DE-JSON", detail=f"{fault}; {len(body)} bytes")
    return value


def _decode(body: bytes) -> tuple[Any, str]:
    if not body.strip():
        return None, "the body is empty"
    value = _plain(body)
    if value is not None:
        if _is_shallow(body) or not _too_deep(value):
            return value, ""
        return None, f"nested deeper than {MAX_DEPTH}"
    try:
        text = body.decode("utf-8")
        value = _DECODER.decode(text)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeDecodeError as error:
        return None, f"not UTF-8 at byte {error.start}"
    except UnicodeEncodeError:
        return None, "a lone surrogate"
    except json.JSONDecodeError as error:
        return None, f"malformed at character {error.pos}"
    except _Refused as error:
        return None, str(error)
    except RecursionError:
        return None, f"nested deeper than {MAX_DEPTH}"
    except ArithmeticError:
        return None, "a number out of range"
    return (None, f"nested deeper than {MAX_DEPTH}") if _too_deep(value) else (value, "")


def _plain(body: bytes) -> Any:
    """The value, if writing it again gives the very same bytes: then nothing was lost and nothing had two meanings.

    So it is for most serialisers of servers, which put no blanks and write the shortest form of a fraction. None for
    any other body, which is then read the slow way.
    """
    # Blanks after a colon or between members are how the others write; they show at once.
    head = body[:200]
    if b'": ' in head or b", " in head or b"\n" in head:
        return None
    try:
        value = orjson.loads(body)
        return value if orjson.dumps(value) == body else None
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None


def _is_shallow(body: bytes) -> bool:
    """Whether the brackets alone show that well-formed JSON is no deeper than MAX_DEPTH: a fifth of the cost of a walk.

    Quotes that are left over belong to a text that holds a bracket or an escape; then this cannot tell, and says no.
    """
    brackets = body.translate(None, _NO_STRUCTURE).replace(b'""', b"")
    if b'"' in brackets or b"\\" in brackets:
        return False
    for _ in range(MAX_DEPTH):
        if not brackets:
            return True
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")  # the innermost level
    return not brackets


def _too_deep(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        children = list(chain.from_iterable(holder.values() if type(holder) is dict else holder for holder in level))
        # The set first: most levels hold no containers, and this runs once per value of a page.
        if _CONTAINERS.isdisjoint(map(type, children)):
            return False
        level = [child for child in children if type(child) in _CONTAINERS]
    return bool(level)
