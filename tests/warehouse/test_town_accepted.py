"""Everything a town's systems sent is accepted: a bad field costs the field, never the case or the device.

Two small towns, each read over its real wires for five years, staged and judged as one night.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bench._quality_towns import KEYS, NIGHT, land
from expectations.contract import load_contract
from expectations.runner import check_source
from extractors import discover
from extractors._kit.edge import canonical_code
from extractors._kit.tokens import Tokeniser
from simulator.store import Store, build
from warehouse.engine import open_warehouse, stage_source

SENT = {
    "video_platform": "device",
    "mediation": "dispute",
    "petitions": "case",
    "wage_arrears": "clue",
}


@pytest.fixture(scope="module", params=[7, 11])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Path]]:
    home = tmp_path_factory.mktemp(f"town{request.param}")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**KEYS, "REGISTER_DECISIONS_URL": f"sqlite:///{home / 'decisions.db'}"}.items():
            patch.setenv(name, value)
        store = build("small", request.param, home / "town.db")
        sources = discover()
        for key in SENT:
            assert [s.exit_status for s in land(sources[key], store, home / "landing")][-1] in (0, 4)
            stage_source(sources[key].contract(), home / "landing", home / "w.duckdb")
        with open_warehouse(home / "w.duckdb") as connection:
            for key in SENT:
                assert check_source(load_contract(key), connection, NIGHT).verdict in ("pass", "flagged")
        yield store, home / "w.duckdb"


def truth(store: Store, source: str) -> dict[str, dict[str, Any]]:
    """The fields of every record that the contract takes, by the id under which it is staged."""
    entity = load_contract(source).entities[SENT[source]]
    records = {
        r.key: r.fields
        for r in store.latest(source, entity.name)
        if not any(d.drops(str(r.fields.get(d.column))) for d in entity.drops)
    }
    if entity.column(entity.key[0]).edge == "keep":
        return records
    tokens = Tokeniser.from_env().tokens("case", [canonical_code(k) for k in records])
    return {str(t): f for t, f in zip(tokens, records.values(), strict=True)}


def accepted(file: Path, source: str, columns: str = "source_record_id") -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        table = f'accepted."{source}__{SENT[source]}"'
        rows: list[tuple[Any, ...]] = connection.execute(f"select {columns} from {table} order by all").fetchall()
    return rows


@pytest.mark.parametrize("source", SENT)
def test_everything_that_was_sent_is_accepted(town: tuple[Store, Path], source: str) -> None:
    store, file = town
    assert [r for (r,) in accepted(file, source)] == sorted(truth(store, source))


def test_successes_and_what_was_paid_are_those_of_the_town(town: tuple[Store, Path]) -> None:
    store, file = town
    disputes, clues = truth(store, "mediation"), truth(store, "wage_arrears")
    assert accepted(file, "mediation", "count(*) filter (where is_success = '1')") == [
        (sum(d["is_success"] == "1" for d in disputes.values()),)
    ]
    assert accepted(file, "wage_arrears", "sum(paid_amt)::bigint, count(*) filter (where owe_amt is null)") == [
        (
            sum(c["paid_amt"] or 0 for c in clues.values()),
            sum(str(c["owe_amt"]).startswith("约") for c in clues.values()),
        )
    ]


def test_a_bad_coordinate_costs_the_coordinate(town: tuple[Store, Path]) -> None:
    store, file = town
    spoiled = {r.key for r in store.truth().defects() if r.defect.startswith("coordinates_")}
    emptied = {r for r, lng in accepted(file, "video_platform", "source_record_id, Longitude") if lng is None}
    assert emptied and emptied <= spoiled
