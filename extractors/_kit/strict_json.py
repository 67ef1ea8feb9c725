"""JSON as the wire may carry it: one meaning or none.

The standard library's decoder, not orjson: orjson keeps the last of two equal keys without a word and turns an
integer beyond 64 bits into a float. Measured on a page of 1,000 nested records (1.5 MB, 3.11): orjson plus a
re-dump to compare the count of quotes 8 ms, this decoder 19 ms, of them 3 ms for the depth. Page rates are
limited to a few a second, so the simpler proof wins.

A number with a fraction becomes a Decimal, so that `str` gives back 35.50 as the source wrote it.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from math import isinf
from typing import Any, NoReturn

from expectations.errors import SourceChanged

MAX_DEPTH = 64
MAX_DIGITS = 64
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


def _too_deep(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        if not level:
            return False
        # type() is, not isinstance: the decoder makes no subclasses, and this runs once per value of a page.
        level = [
            child
            for holder in level
            for child in (holder.values() if type(holder) is dict else holder)
            if type(child) is dict or type(child) is list
        ]
    return bool(level)
