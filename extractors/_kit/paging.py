"""Numbered pages of one window whose total the source states: steady, complete and without a repeat, or not at all.

Flow: `ask(n)` -> Batch, for n from 0 -> `counted_pages` -> batches that together are exactly the stated total.
As many records as stated, all different: then none can have been lost between two pages. Memory is one number a record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from expectations.errors import PipelineError, SourceChanged, SourceLater
from extractors._kit.context import Context, Page, Record


@dataclass(frozen=True)
class Batch:
    """One answer: the total it states for the window, and its own records."""

    total: int
    records: Sequence[Record]


def batch_of(total: object, records: object) -> Batch:
    """A total and a list as JSON brought them. Raises SourceChanged EX-SHAPE for anything else."""
    if isinstance(total, str) and total.isdecimal():
        total = int(total)
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise SourceChanged("EX-SHAPE", detail="total is not a count")
    if records is None and total == 0:
        records = []
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise SourceChanged("EX-SHAPE", detail="the records are not a list of objects")
    return Batch(total, records)


class Unsteady(Exception):
    """The pages do not add up; `error` is what the run ends with if reading again does not help."""

    def __init__(self, error: PipelineError) -> None:
        super().__init__(error.code)
        self.error = error


def counted_pages(ask: Callable[[int], Batch], size: int, first: Batch | None = None) -> Iterator[Batch]:
    """The batches of a window, `size` records each but the last; `first` if page 0 has been asked for already.

    Raises Unsteady: EX-MOVING for a total that changes or a record that comes twice, EX-GAP for a page that is too
    short or too long, EX-LOOP for a page that brings nothing new.
    """
    seen: set[int] = set()
    batch = first or ask(0)
    total, page = batch.total, 0
    while True:
        if batch.total != total:
            raise Unsteady(SourceLater("EX-MOVING", detail=f"the total went from {total} to {batch.total}"))
        due = min(size, total - page * size)
        if len(batch.records) != due:
            detail = f"page {page + 1} holds {len(batch.records)} records, {due} of {total} were due"
            raise Unsteady(SourceLater("EX-GAP", detail=detail))
        _distinct(batch.records, seen, page)
        yield batch
        page += 1
        if page * size >= total:
            return
        batch = ask(page)


def _distinct(records: Sequence[Record], seen: set[int], page: int) -> None:
    """Add the records to what was seen, by hash."""
    before = len(seen)
    seen.update(hash(repr(record)) for record in records)
    fresh = len(seen) - before
    if records and not fresh:
        raise Unsteady(SourceChanged("EX-LOOP", detail=f"page {page + 1} repeats records of earlier pages"))
    if fresh < len(records):
        detail = f"page {page + 1} repeats {len(records) - fresh} records"
        raise Unsteady(SourceLater("EX-MOVING", detail=detail))


def read_twice(ctx: Context, entity: str, read: Callable[[], Iterator[Page]]) -> Iterator[Page]:
    """The pages of `read()`; if they turn out unsteady, the entity is forgotten and read once more.

    Raises what ended the second reading, if that was unsteady too.
    """
    try:
        yield from read()
    except Unsteady:
        ctx.note("read_again")
        ctx.restart(entity)
    else:
        return
    try:
        yield from read()
    except Unsteady as unsteady:
        raise unsteady.error from None
