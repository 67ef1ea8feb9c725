"""What a purge has set out to do, beside the warehouse until it is done: a run that was killed goes on by it.

Counts and keyed tokens only, for this user alone. It also says how a purge ended: rows in `ledger.purge`, and a receipt
outside the warehouse, which outlives a warehouse that is lost.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from warehouse.decisions.receipts import put_durably
from warehouse.engine.connection import Connection, transaction

SUFFIX = ".purge"


@dataclass
class Share:
    """What a purge takes of one entity. Dates: when the first and the last of the versions had ended."""

    source: str
    entity: str
    retention: str
    kept_from: str
    versions: int = 0
    records: int = 0
    landed_rows: int = 0
    files: int = 0
    oldest: str | None = None
    newest: str | None = None
    problem: str | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to take and nothing to say."""
        return not (self.versions or self.files or self.problem)


@dataclass
class Journal:
    """One purge under way. tokens: what the vault may hold of the rows; vault: entries taken out, by kind."""

    purge_id: str
    night: str
    by: str
    begun_at: str
    shares: list[Share]
    tokens: list[str] = field(default_factory=list, repr=False)
    findings: int = 0
    vault: dict[str, int] | None = None

    @classmethod
    def begin(cls, night: str, by: str, shares: list[Share], tokens: set[str]) -> Journal:
        """A new one, not yet on disk."""
        now = datetime.now().isoformat(timespec="seconds")
        return cls(secrets.token_hex(8), night, by, now, shares, sorted(tokens))

    @property
    def work(self) -> list[Share]:
        """The entities to purge."""
        return [s for s in self.shares if not s.problem and (s.versions or s.files)]

    def told(self) -> dict[str, Any]:
        """The report: counts, dates and names of entities."""
        facts = asdict(self)
        del facts["tokens"]
        return {**facts, "shares": [asdict(s) for s in self.shares if not s.empty], "vault": self.vault or {}}


def save(journal: Journal, warehouse: Path) -> None:
    """Keep it through a kill."""
    put_durably(_file(warehouse), json.dumps(asdict(journal), sort_keys=True))


def read(warehouse: Path) -> Journal | None:
    """The purge that a killed run has left, if any."""
    file = _file(warehouse)
    if not file.exists():
        return None
    facts = json.loads(file.read_text("utf8"))
    return Journal(**{**facts, "shares": [Share(**s) for s in facts["shares"]]})


def close(warehouse: Path) -> None:
    """The purge is done and told."""
    _file(warehouse).unlink(missing_ok=True)


def tell(connection: Connection, journal: Journal, done_at: datetime) -> None:
    """Write the purge into `ledger.purge`, one row per entity; again for one that was told before."""
    facts = {"purge_id": journal.purge_id, "night": journal.night, "done_at": done_at}
    with transaction(connection):
        connection.execute("delete from ledger.purge where purge_id = $id", {"id": journal.purge_id})
        for share in journal.shares:
            if not share.empty:
                connection.execute(
                    "insert into ledger.purge by name select $purge_id as purge_id, $night::date as night, "
                    "$done_at::timestamp as done_at, $source as source, $entity as entity, $retention as retention, "
                    "$kept_from::date as kept_from, $versions::bigint as versions, $records::bigint as records, "
                    "$landed_rows::bigint as landed_rows, $files::bigint as files, $oldest::date as oldest, "
                    "$newest::date as newest, $problem as problem",
                    {**facts, **asdict(share)},
                )


def write_receipt(folder: Path, journal: Journal, done_at: datetime) -> Path:
    """The same as a file outside the warehouse: `purge-<id>.json`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    receipt = {**journal.told(), "done_at": done_at.isoformat(timespec="seconds")}
    file = folder / f"purge-{journal.purge_id}.json"
    put_durably(file, json.dumps(receipt, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    return file


def _file(warehouse: Path) -> Path:
    return warehouse.with_name(warehouse.name + SUFFIX)
