"""Numbered pages of a window whose total the source states: steady and complete, or read in smaller parts.

Flow: `ask(window, page)` -> Batch -> `WindowReader` -> pages that together are exactly the totals stated.
As many records as stated, and none on two pages: then none can have been lost between two pages. Where that does not
hold (rows move, ties are sorted otherwise each time), `read_steadily` reads once more in windows of a single page,
where nothing can move between pages.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

from expectations.errors import PipelineError, SourceChanged, SourceLater
from extractors._kit.context import Context, Page, Record
from extractors._kit.window import Window


@dataclass(frozen=True)
class Batch:
    """One answer: the total it states for the window, and its own records."""

    total: int
    records: Sequence[Record]


Ask = Callable[[Window, int], Batch]  # page from 0


class Unsteady(Exception):
    """The pages do not add up; `error` is what the run ends with if smaller parts do not help."""

    def __init__(self, error: PipelineError) -> None:
        super().__init__(error.code)
        self.error = error


def batch_of(total: object, records: object) -> Batch:
    """A total and a list as JSON brought them. Raises SourceChanged EX-SHAPE for anything else.

    A list that also holds something else than objects is let through: the minimiser sets those aside one by one.
    """
    if isinstance(total, str) and total.isdecimal():
        total = int(total)
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise SourceChanged("EX-SHAPE", detail="total is not a count")
    if records is None and total == 0:
        records = []
    if not isinstance(records, list) or (records and not any(isinstance(record, dict) for record in records)):
        raise SourceChanged("EX-SHAPE", detail="the records are not a list of objects")
    return Batch(total, records)


def read_steadily(
    ctx: Context, entity: str, read: Callable[[int], Iterator[Page]], limits: Sequence[int]
) -> Iterator[Page]:
    """The pages of `read(limit)`; if they turn out unsteady the entity is forgotten, and read with the next limit.

    A limit is the number of records beyond which a window is halved. Raises what ended the last reading.
    """
    for limit in limits[:-1]:
        try:
            yield from read(limit)
        except Unsteady:
            ctx.note("read_again")
            ctx.restart(entity)
        else:
            return
    try:
        yield from read(limits[-1])
    except Unsteady as unsteady:
        raise unsteady.error from None


class WindowReader:
    """Reads the run's window of one entity; memory is one number for each record of the part at hand."""

    def __init__(self, ctx: Context, entity: str, ask: Ask, size: int, reach: int | None = None) -> None:
        """size: records on a page; reach: how deep the source can be paged, if it says so."""
        self._ctx = ctx
        self._entity = entity
        self._ask = ask
        self._size = size
        self._reach = reach
        self._last: list[int] = []

    def pages(self, limit: int) -> Iterator[Page]:
        """The pages of the window, in halves of halves where it holds more than `limit` records.

        A second cannot be halved, and is paged through. Raises Unsteady, SourceChanged EX-TOOMANY.
        """
        self._last = []
        yield from self._part(self._ctx.window_of(self._entity), limit)

    def _part(self, window: Window, limit: int) -> Generator[Page, None, int]:
        """The pages of a part of the window; returns how many records they hold."""
        first = self._ask(window, 0)
        halves = window.halves() if first.total > limit else None
        if halves is not None:
            return (yield from self._halves(window, halves, limit, first.total))
        if self._reach is not None and first.total > self._reach:
            detail = f"{self._entity}: {first.total} records in the second {window.begin_text}"
            raise SourceChanged("EX-TOOMANY", detail=detail)
        self._ctx.expect(self._entity, first.total, add=True)
        for batch in self._counted(window, first):
            yield Page(self._entity, batch.records)
        return first.total

    def _halves(self, window: Window, halves: Sequence[Window], limit: int, total: int) -> Generator[Page, None, int]:
        self._ctx.note("windows_halved")
        came = 0
        for half in halves:
            came += yield from self._part(half, limit)
        if came != total:
            # Rows that were changed meanwhile have left for a later window; more than those must not be missing.
            now = self._ask(window, 0).total
            if not min(total, now) <= came <= max(total, now):
                raise _moving(f"a window of {total} records has {came} in its halves, and then {now}")
        return came

    def _counted(self, window: Window, first: Batch) -> Iterator[Batch]:
        """The batches of a window, `size` records each but the last.

        Raises Unsteady: EX-MOVING for a total that changes or a record that was on an earlier page, EX-GAP for a page
        that is too short or too long, EX-LOOP for a page that brings nothing new.
        """
        seen: set[int] = set()
        batch, page, total = first, 0, first.total
        while True:
            if batch.total != total:
                raise _moving(f"the total went from {total} to {batch.total}")
            due = min(self._size, total - page * self._size)
            if len(batch.records) != due:
                detail = f"page {page + 1} holds {len(batch.records)} records, {due} of {total} were due"
                raise Unsteady(SourceLater("EX-GAP", detail=detail))
            self._distinct(batch.records, seen, page)
            yield batch
            page += 1
            if page * self._size >= total:
                return
            batch = self._ask(window, page)

    def _distinct(self, records: Sequence[Record], seen: set[int], page: int) -> None:
        """Add the records to those seen, by hash. Twice on one page is the source's own doing, on two pages a shift."""
        digests = [hash(repr(record)) for record in records]
        repeated = sum(digest in seen for digest in digests)
        # The last page of the window before counts too: an old answer sent again may have the right size.
        if digests and (repeated == len(digests) or digests == self._last):
            raise Unsteady(SourceChanged("EX-LOOP", detail=f"page {page + 1} is a page that came before"))
        if repeated:
            raise _moving(f"page {page + 1} repeats {repeated} records of earlier pages")
        seen.update(digests)
        self._last = digests


def _moving(detail: str) -> Unsteady:
    return Unsteady(SourceLater("EX-MOVING", detail=detail))
