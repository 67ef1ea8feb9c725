"""Text from sources is hostile: what it passes through on its way into a page, a CSV cell or a file name.

`veil` goes over every value that a template prints (`pages.py` hangs it into Jinja), HTML escaping comes after it;
`cell` goes over every CSV cell; `slug` makes the only names that reach a path or an href.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

LONGEST = 300  # characters of one value; a name longer than this is an attack or an accident
SENTENCE = 3000  # of our own words with several values in them
CUT = "…"
MASK = "▇▇▇"

# Number signs that only look alike; NFKC would fold more than digits and change what the source wrote.
_DIGITS = str.maketrans("０１２３４５６７８９Ｘｘ", "0123456789Xx")
_RESIDENT_ID = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
)
_MOBILE = re.compile(r"(?<![0-9A-Za-z])1[3-9]\d{9}(?![0-9A-Za-z])")

# Formula starters of Excel, LibreOffice and WPS; the full-width ones are folded by some of them (faults.md, 119).
_FORMULA = frozenset("=+-@\t\r\n\0＝＋－＠")
_BLANKS = " \u00a0\u3000"  # some programs drop them before they look
# Excel rewrites these without asking: 20 digits lose their tail, 007 its zeros, 3-4 becomes a date.
_CONVERTED = re.compile(
    r"\d{12,}|0\d+|\d[\d.]*[eE]\d+|\d+\.\d*0|\d+(\.\d+){2,}"  # numbers
    r"|\d+[-/:][-/:.\d T]*|\d+年(\d+月)?(\d+日)?|\d+月(\d+日)?"  # dates and times
    r"|(?i:true|false)"
)


def veil(text: str, longest: int = LONGEST) -> str:
    """The text as a person may see it: one line, no invisible characters, no clear ID or telephone number.

    The warehouse masks values before they get here. This is the second lock on the same door: what still looks like
    a resident ID or a mobile number is blacked out, whatever column it stands in.
    """
    plain = text[: 10 * longest]  # the rest is cut after masking: half an ID number is still too much of it
    if not plain.isprintable():
        plain = "".join(map(_visible, plain))
    folded = plain.translate(_DIGITS)
    if _RESIDENT_ID.search(folded) or _MOBILE.search(folded):
        plain = _MOBILE.sub(MASK, _RESIDENT_ID.sub(MASK, folded))
    return plain if len(plain) <= longest else plain[:longest] + CUT


def cell(value: object) -> str:
    """A CSV cell that no spreadsheet runs as a formula or rewrites: such a text begins with an apostrophe."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    # The first character is judged as it came: afterwards a NUL or a tab is a picture of itself.
    risky = value.lstrip(_BLANKS)[:1] in _FORMULA
    shown = veil(value)
    return f"'{shown}" if risky or shown[:1] in _FORMULA or _CONVERTED.fullmatch(shown) else shown


def slug(name: str) -> str:
    """A file name of `a-z 0-9 _ -` for a source, entity or rule; two different names never share one."""
    plain = re.sub(r"[^a-z0-9_-]", "", veil(name.lower()))[:60]
    if plain == name:
        return plain
    return f"{plain}-{hashlib.sha256(name.encode('utf8', 'surrogatepass')).hexdigest()[:10]}"


def _visible(character: str) -> str:
    """Control, direction and zero-width characters are shown as what they are: they can turn the line round."""
    kind = unicodedata.category(character)
    if kind == "Cc":
        return chr(0x2400 + ord(character)) if ord(character) < 0x20 else "␡"
    if kind in ("Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return f"⟨U+{ord(character):04X}⟩"
    return character
