"""One small office with residents: two sources of persons, one with stays, landed by the real edge and staged.

Import `a_week` and `office` to have one. `Office.collect` lands through the extractors' own minimiser and writer, so
that names are in the vault, tokens in the landing zone, and erasures are asked where they are asked at night.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.contract import Column, Contract, Entity
from expectations.manifest import Manifest, window_folder
from expectations.model import Claim, Identity, Said
from extractors._kit.context import Page
from extractors._kit.identity import check_digit
from extractors._kit.landing import EntityWriter, write_manifest
from extractors._kit.minimise import Minimiser
from extractors._kit.tokens import Tokeniser
from extractors._kit.vaulting import VaultBuffer
from tests.conftest import TOKEN_KEY, VAULT_KEY
from tests.warehouse.landed import WORD, column, entity
from warehouse.decisions.erase import Stores
from warehouse.decisions.store import open_decisions
from warehouse.decisions.vault import Vault
from warehouse.engine import stage_source

Row = dict[str, str | None]
IDENTITY = Identity("number", ("name",), "born", "sex")


def identity_column(name: str) -> Column:
    return replace(column(name), edge="identity")


PEOPLE = entity(
    "people", column("pk"), identity_column("number"), identity_column("name"), column("born", "date"), column("sex"),
    column("moved", "datetime"), changed_at="moved", identity=IDENTITY,
    claims=(Claim("person", 50, {"birth_date": Said("born"), "sex": Said("sex")}),),
)  # fmt: skip
VISITS = replace(PEOPLE, name="visit", key=("sheet", "ordinal"), columns=(
    column("sheet"), column("ordinal"), *PEOPLE.columns[1:],
))  # fmt: skip
STAYS = entity(
    "stay", column("sheet"), column("ordinal"), column("house"), column("moved", "datetime"), key=("sheet", "ordinal"),
    changed_at="moved", claims=(Claim("residence", 50, {}, of="visit"),),
)  # fmt: skip
HALL = Contract("town_hall", "R", WORD, WORD, WORD, "5y", {"people": PEOPLE}, "h1")
ROUNDS = Contract("town_round", "R", WORD, WORD, WORD, "5y", {"visit": VISITS, "stay": STAYS}, "r1")


def number(serial: int, born: str = "19900101") -> str:
    """A resident ID of a division that was never issued."""
    first = f"440197{born}{serial:03d}"
    return first + check_digit(first)


ANN: Row = {"number": number(1), "name": "欧阳小安", "born": "1990-01-01", "sex": "1"}
BEA: Row = {"number": number(3), "name": "欧阳小安", "born": "1990-01-01", "sex": "1"}  # the same name, another person
CHO: Row = {"number": number(5), "name": "陈超", "born": "1990-01-01", "sex": "1"}


class Office:
    """One office in a folder of its own; keys are in the environment."""

    def __init__(self, home: Path, url: str | None = None) -> None:
        self.home, self.landing, self.warehouse = home, home / "landing", home / "warehouse.duckdb"
        self.url = url or os.environ["REGISTER_DECISIONS_URL"]

    def stores(self) -> Stores:
        return Stores(open_decisions(self.url), self.landing, self.warehouse, self.home / "receipts", (HALL, ROUNDS))

    def collect(self, contract: Contract, name: str, rows: Sequence[Row], day: int = 1) -> Manifest:
        """Land rows as a night's run would, through the edge. Returns the manifest."""
        of: Entity = contract.entities[name]
        tokeniser, buffer = Tokeniser.from_env(), VaultBuffer(Vault.open(self.url))
        buffer.learn_erasures()
        stays: Any = None
        if buffer.tombstones:
            stays = partial(buffer.tombstones.stays, contract)
        minimiser = Minimiser(of, tokeniser, buffer.add, stays)
        begin, end = f"2022-11-{day:02d}T00:00:00", f"2022-11-{day + 1:02d}T00:00:00"
        writer = EntityWriter(self.landing / contract.source / name / window_folder(begin, end), minimiser.schema)
        moved = {"moved": f"2022-11-{day:02d} 08:00:00"}
        writer.append(minimiser.batch(Page(name, [moved | row for row in rows])))
        buffer.flush()
        buffer.keep_followed()
        kept = writer.rows
        file, size, digest = writer.finish()
        manifest = Manifest(
            source=contract.source, entity=name, begin=begin, end=end, file=file, rows=kept, size=size, sha256=digest,
            source_total=len(rows), dropped=dict(minimiser.findings.dropped), contract_version=contract.version,
            token_key=tokeniser.kid,
        )  # fmt: skip
        write_manifest(writer.folder, manifest)
        return manifest

    def stage(self) -> None:
        """Stage both sources; any error is the test's."""
        for contract in (HALL, ROUNDS):
            report = stage_source(contract, self.landing, self.warehouse)
            assert report.errors == []

    def a_week(self) -> None:
        """Ann in both sources, twice with a change; Bea bears the same name; everybody is staged."""
        for day in (1, 2):
            people: list[Row] = [{"pk": "1", **ANN, "sex": str(day)}, {"pk": "2", **BEA}, {"pk": "3", **CHO}]
            self.collect(HALL, "people", people, day)
        self.collect(ROUNDS, "visit", [{"sheet": "s1", "ordinal": "1", **ANN}, {"sheet": "s1", "ordinal": "2", **CHO}])
        homes: list[Row] = [{"sheet": "s1", "ordinal": n, "house": f"h{n}"} for n in "12"]
        self.collect(ROUNDS, "stay", homes)
        self.stage()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return list(connection.execute(sql).fetchall())

    def records(self) -> list[tuple[str, str]]:
        """(entity, record) of every staged version, distinct."""
        parts = [("people", "town_hall__people"), ("visit", "town_round__visit"), ("stay", "town_round__stay")]
        return sorted({(e, r) for e, t in parts for (r,) in self.ask(f"select source_record_id from staging.{t}")})

    def bytes_on_disk(self) -> bytes:
        """All bytes of the landing zone, the warehouse and whatever lies beside them."""
        return b"".join(p.read_bytes() for p in sorted(self.home.rglob("*")) if p.is_file())


@pytest.fixture(scope="module")
def a_week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office after its first nights, made once."""
    home = tmp_path_factory.mktemp("week")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGISTER_TOKEN_KEY", TOKEN_KEY)
        patch.setenv("REGISTER_VAULT_KEY", VAULT_KEY)
        patch.setenv("REGISTER_DECISIONS_URL", f"sqlite:///{home / 'decisions.db'}")
        Office(home).a_week()
    return home


@pytest.fixture
def office(register_env: Path, a_week: Path) -> Office:
    shutil.copytree(a_week, register_env, dirs_exist_ok=True)
    return Office(register_env)


def token_of(clear: str | None, purpose: str = "id") -> str:
    text = f"111\x1f{clear}" if purpose == "id" else str(clear)
    return Tokeniser.from_env().token(purpose, text)


def killed_at(point: str, deed: Callable[[], object]) -> int:
    """Run a deed in a child of this process that is killed at a fault point. Returns the signal that ended it, or 0."""
    child = os.fork()
    if not child:
        os.environ["REGISTER_FAULTPOINT"] = f"{point}:kill"
        try:
            deed()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


KILLED = signal.SIGKILL
TODAY = date(2022, 11, 30)
