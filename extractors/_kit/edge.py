"""The edge verbs: what a contract may do to one value before it leaves the decoder.

Each verb is column -> column, lists in, lists out, because a row-wise loop would cost more than the wire.
Values are kept as the source wrote them, as text; typing is staging's work.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import orjson

from expectations.contract import Column
from expectations.errors import SourceChanged

_TEXTUAL, _NUMERIC = frozenset({str, type(None)}), frozenset({int, float})
_LETTERS = re.compile("[a-z]")
Values = list[str | None]
# A comma stands between thousands or nowhere: in `5,000000` it may just as well be the decimal point.
_NUMBER = re.compile(r"^([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(万|亿)?(?:元|人|人次|件|名)?$")
_SCALE = {"万": 10_000, "亿": 100_000_000, None: 1}
# No word boundary: Han characters are word characters, and `大门rtsp://…` holds a URL all the same. Slashes may come
# turned round or escaped, the scheme may be left out, and a data: URL is the picture itself.
URL = re.compile(r"(?i)[a-z0-9+.-]:[/\\]{2}|www\.|data:[a-z]+/|(?<!\S)//[a-z0-9]")


def text_of(value: Any, name: str) -> str | None:
    """One wire value as text. Raises SourceChanged EX-SHAPE for a list or mapping where a value is agreed."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        text = str(value)
        # Python writes 1e-05 where the wire had 0.00005; a float here came through orjson, which gives it back.
        return text if "e" not in text or not isinstance(value, float) else orjson.dumps(value).decode()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    raise SourceChanged("EX-SHAPE", detail=f"column {name}: a {type(value).__name__} where a value is agreed")


def texts(values: Sequence[Any], name: str) -> Values:
    """A column as text."""
    kinds = {*map(type, values)}
    if kinds <= _TEXTUAL:
        return list(values)
    if kinds <= _NUMERIC:
        made = list(map(str, values))
        # An exponent, an infinity, a NaN: read one by one below. None has a place in most columns.
        if not _LETTERS.search("".join(made)):
            return [*made]
    return [
        v if v is None or v.__class__ is str else str(v) if v.__class__ is int else text_of(v, name) for v in values
    ]


def number_of(text: str | None) -> float | None:
    """A count or amount as people write it: `1,234`, `１２`, `12万元`, `386人次`; None if it is not a number."""
    if text is None:
        return None
    found = _NUMBER.match(unicodedata.normalize("NFKC", text).replace(" ", ""))
    return float(found[1].replace(",", "")) * _SCALE[found[2]] if found else None


def canonical_code(text: str | None) -> str | None:
    """The form of a number or plate that is hashed: half width, no blanks, capitals; None for nothing."""
    if text is None:
        return None
    return "".join(unicodedata.normalize("NFKC", text).split()).upper() or None


def band(values: Values, bounds: Sequence[float]) -> Values:
    """Numbers to bands: bounds [1, 2, 5] give `<1`, `1`, `2-4`, `5+`. What is no number becomes `invalid`."""
    labels = [f"<{bounds[0]:g}"]
    for low, high in pairwise(bounds):
        labels.append(f"{low:g}" if high - low == 1 else f"{low:g}-{high - 1:g}")
    labels.append(f"{bounds[-1]:g}+")

    def one(text: str | None) -> str | None:
        if text is None or not text.strip():
            return None
        number = number_of(text)
        return "invalid" if number is None else labels[sum(number >= b for b in bounds)]

    return [one(v) for v in values]


def below(values: Values, limit: float, nulls: Sequence[str]) -> Values:
    """Numbers under the limit become `<limit`; others stay. What is neither number nor null becomes `invalid`."""

    def one(text: str | None) -> str | None:
        if text is None or text in nulls:
            return text
        number = number_of(text)
        return "invalid" if number is None else f"<{limit:g}" if number < limit else text

    return [one(v) for v in values]


def suppress(values: Values, limit: float, nulls: Sequence[str]) -> tuple[Values, Values]:
    """Counts from 1 to limit - 1 become null; the second list is the flag that says so.

    What is neither number nor null becomes `invalid`: `约5` would be a small count in clear.
    """
    kept: Values = []
    flags: Values = []
    for text in values:
        number = number_of(text)
        small = number is not None and 0 < number < limit
        known = number is not None or text is None or not text.strip() or text in nulls
        kept.append(None if small else text if known else "invalid")
        flags.append("true" if small else "false")
    return kept, flags


def plain_code(text: str) -> str:
    """A code as its list writes it: half width, without the blanks a fixed-width column pads it with."""
    return unicodedata.normalize("NFKC", text).strip()


def mapped(values: Values, table: dict[str, str], other: str | None) -> Values:
    """Codes folded by a table; a code outside it becomes `other`, or stays as written where none is given."""
    folded = {v: table.get(plain_code(v), v if other is None else other) for v in {*values} if v is not None}
    return [None if v is None else folded[v] for v in values]


def _cut(values: Values, length: int | None) -> Values:
    """The first `length` characters of each code; all of it, as written, where no length is given."""
    if length is None:
        return values
    cut = {v: plain_code(v)[:length] for v in {*values} if v is not None}
    return [None if v is None else cut[v] for v in values]


def without_urls(values: Values) -> tuple[Values, int]:
    """Values that hold a URL become null: an inventory needs no address of a stream."""
    hits = [i for i, v in enumerate(values) if v is not None and URL.search(unicodedata.normalize("NFKC", v))]
    for i in hits:
        values[i] = None
    return values, len(hits)


def plain_verb(column: Column) -> Callable[[Values], Values]:
    """The function of a verb that needs neither keys nor a second column."""
    args = column.args
    if column.edge == "band":
        return lambda values: band(values, args["bands"])
    if column.edge == "below":
        return lambda values: below(values, args["below"], column.nulls)
    if column.edge == "prefix":
        return lambda values: [None if v is None else plain_code(v)[: args["length"]] for v in values]
    if column.edge == "map":
        table = {str(k): str(v) for k, v in args["map"].items()}
        other = None if "other" not in args else str(args["other"])
        length = args.get("length")  # None: the whole code is looked up
        return lambda values: mapped(_cut(values, length), table, other)
    return lambda values: values
