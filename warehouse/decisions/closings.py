"""Closed holes: what a steward signed off, so that no night asks for it and no morning names it any more.

A closing hides nothing that is there: what arrives all the same is read.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from expectations.contract import Contract
from expectations.windows import Closing, Open, open_everywhere
from warehouse.decisions.sign_offs import CLOSE, signed_off

_FILE = "file:"


def closed_of(source: str, url: str | None = None) -> list[Closing]:
    """What is closed of a source, in the home's decision store unless told otherwise."""
    return [closing_of(subject) for subject in sorted(signed_off(CLOSE, source, url))]


def closing_of(subject: str) -> Closing:
    """The subject of a sign-off: `BEGIN/END`, or `file:NAME`."""
    if subject.startswith(_FILE):
        return Closing(file=subject.removeprefix(_FILE))
    begin, _, end = subject.partition("/")
    return Closing((datetime.fromisoformat(begin), datetime.fromisoformat(end)))


def subject_of(closing: Closing) -> str:
    """The other way round."""
    return "/".join(moment.isoformat() for moment in closing.span) if closing.span else f"{_FILE}{closing.file}"


def open_of(contract: Contract, landing: Path, until: datetime, url: str | None = None) -> list[Open]:
    """What is open of a source up to a moment, and not closed."""
    return open_everywhere(contract, landing, until, closed_of(contract.source, url))
