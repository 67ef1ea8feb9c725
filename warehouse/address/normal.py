"""Writing variants that mean nothing, folded character by character: width, traditional forms, dashes, case.

Flow: raw text -> `normalise` -> text of the same length, so that every span points into the raw text.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
_DASHES = "－–—―‐‑‒−_＿~～〜﹣一"[:-1]
_BLANKS = "\t\r\n\u00a0\u3000\u200b\ufeff"
_MARKS = {"，": ",", "；": ";", "：": ":", "（": "(", "）": ")", "【": "(", "】": ")", "[": "(", "]": ")", "〇": "零"}


@lru_cache(maxsize=1)
def table() -> dict[int, str]:
    """The folding table: one character to one character, so that lengths stay."""
    folded = {code + 0xFEE0: chr(code) for code in range(0x21, 0x7F)}
    folded |= {ord(char): "-" for char in _DASHES} | {ord(char): " " for char in _BLANKS}
    folded |= {ord(char): mark for char, mark in _MARKS.items()}
    with (DATA / "traditional.csv").open(encoding="utf8", newline="") as rows:
        folded |= {ord(row["traditional"]): row["simplified"] for row in csv.DictReader(rows)}
    for code in range(ord("a"), ord("z") + 1):
        folded[code] = folded[code + 0xFEE0] = chr(code - 32)
    return folded


def normalise(text: str) -> str:
    """Fold width, traditional characters, dashes, blanks and case; the length stays, so spans keep their places."""
    return text.translate(table())
