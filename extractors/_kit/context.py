"""What an extractor is given, and the page it yields.

An extractor is one generator, `extract(ctx)`, that yields pages of records as the source wrote them. It tells the
kit what only it can know (the source's total, what could not be decoded); the kit minimises, lands and reconciles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from expectations.contract import Contract
from expectations.errors import CallRejected, PipelineError
from extractors._kit.connection import Connection
from extractors._kit.remote_file import RemoteFile
from extractors._kit.seen import Seen
from extractors._kit.spec import Source
from extractors._kit.window import Window

Record = Mapping[str, Any]
BEGINNING = datetime(2000, 1, 1)  # before any of the systems was built


@dataclass(frozen=True)
class Page:
    """Records of one entity: a list of mappings, or (faster, for tabular sources) a list per column.

    deletes: the records are tombstones: key columns and `deleted_at` only.
    """

    entity: str
    records: Sequence[Record] = ()
    columns: Mapping[str, Sequence[Any]] | None = None
    deletes: bool = False

    def __len__(self) -> int:
        if self.columns is not None:
            return len(next(iter(self.columns.values()), ()))
        return len(self.records)


@dataclass
class Tally:
    """What the extractor says of one entity."""

    total: int | None = None
    rejected: list[tuple[str, str]] = field(default_factory=list)
    partial: PipelineError | None = None
    snapshot: bool = False
    restarts: int = 0


class Context:
    """The extractor's side of a run: `source`, `window`, `connection`, `contract`, and six verbs."""

    def __init__(
        self, source: Source, contract: Contract, window: Window, connection: Connection, *, history: bool = False
    ) -> None:
        """history: the window is one of the past, read by a backfill: nothing is acknowledged in it."""
        self.source = source
        self.contract = contract
        self.window = window.looking_back(source.lookback) if source.lookback else window
        self.connection = connection
        self.history = history
        self.never_read: frozenset[str] = frozenset()
        self.tallies: dict[str, Tally] = {name: Tally() for name in source.entities}
        self.refusals: list[PipelineError] = []
        self.notes: Counter[str] = Counter()
        self.receipts: list[Callable[[], None]] = []
        self.seen: dict[str, Seen] = {}  # by entity, of a drop folder
        self._restart: Callable[[str], None] = lambda entity: None

    def window_of(self, entity: str) -> Window:
        """The window to ask for; all time up to its end for an entity of the present that was never read."""
        return Window(BEGINNING, self.window.end) if entity in self.never_read else self.window

    def option(self, name: str) -> Any:
        """A constant of the wire from source.yml. Raises CallRejected CT-SPEC when it is not there."""
        if name not in self.source.options:
            raise CallRejected("CT-SPEC", detail=f"{self.source.key}/source.yml: options.{name} is missing")
        return self.source.options[name]

    def extra(self, name: str) -> str:
        """A setting of the connection's `extra`. Raises CallRejected SC-CONN when it is not there."""
        value = self.connection.extra.get(name)
        if value in (None, ""):
            raise CallRejected("SC-CONN", detail=f"connection {self.connection.key}: extra.{name} is missing")
        return str(value)

    def expect(self, entity: str, total: int, *, add: bool = False) -> None:
        """The source says it has `total` records for the window (`add`: on top of what it said before)."""
        tally = self.tallies[entity]
        tally.total = total + (tally.total or 0 if add else 0)

    def reject(self, entity: str, position: str, code: str) -> None:
        """A record that cannot be decoded: kept as its position and reason, never its text."""
        self.tallies[entity].rejected.append((position, code))

    def refuse(self, error: PipelineError) -> None:
        """A file is refused whole; the others still land and the run ends with status 4."""
        self.refusals.append(error)

    def refuse_file(self, entity: str, file: RemoteFile, error: PipelineError) -> None:
        """The same for a file of a drop folder; one that was refused before, and is as it was, ends no other run."""
        if self.seen[entity].refused(file, error):
            self.refuse(error)
        else:
            self.note("refused_before")

    def restart(self, entity: str) -> None:
        """Forget the pages of an entity yielded so far: it is read again from the start."""
        tally = self.tallies[entity]
        self.tallies[entity] = Tally(restarts=tally.restarts + 1)
        self._restart(entity)

    def partial(self, entity: str, error: PipelineError) -> None:
        """The source gave less than it has: what came lands, closes nothing, and is asked again."""
        self.tallies[entity].partial = error

    def snapshot(self, entity: str) -> None:
        """The pages of an entity are its complete current state: staging closes what is no longer in it."""
        self.tallies[entity].snapshot = True

    def note(self, name: str, count: int = 1) -> None:
        """Count something worth showing in the summary, such as a retried page or a skipped file."""
        self.notes[name] += count

    def after_landing(self, receipt: Callable[[], None]) -> None:
        """Call this once every manifest of the run is durable: acknowledgements and signed notices."""
        self.receipts.append(receipt)

    def on_restart(self, forget: Callable[[str], None]) -> None:
        """Used by the runner to discard what was written of an entity."""
        self._restart = forget
