"""A thirteenth source is one folder and one contract: from the template, over the wire, to staging and the register."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from expectations.contract import Contract
from expectations.errors import CallRejected
from extractors import Window, discover
from extractors._kit.connection import Connection
from extractors._kit.run import run_source
from extractors._kit.scaffold import scaffold
from simulator.wires._standin import StandIn
from tests.warehouse.registered import release
from warehouse.engine import open_warehouse, stage_source
from warehouse.engine.claims import build_claims
from warehouse.engine.register import build_register
from warehouse.resolver import model_in_use


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REGISTER_TOKEN_KEY", bytes(range(32)).hex())
    monkeypatch.setenv("REGISTER_VAULT_KEY", bytes(range(32, 64)).hex())
    monkeypatch.setenv("REGISTER_DECISIONS_URL", f"sqlite:///{tmp_path}/decisions.db")


@pytest.mark.usefixtures("keys")
def test_a_new_source_goes_from_the_template_to_staging(tmp_path: Path) -> None:
    made = scaffold("civil_lamps", tmp_path / "sources", tmp_path / "contracts")
    assert len({p.parent.name for p in made} - {"contracts", "civil_lamps", "sample"}) == 0
    source = discover(tmp_path / "sources", tmp_path / "contracts")["civil_lamps"]
    with StandIn("civil_lamps", source.folder / "sample", login="", password="", extra={}) as wire:
        connection = Connection.from_json("civil_lamps", json.dumps(wire.connection()))
        window = Window.parse("2022-11-01", "2022-11-02")
        summary = run_source(source, window, tmp_path / "landing", connection)
    assert summary.as_dict()["errors"] == []
    report = stage_source(source.contract(), tmp_path / "landing", tmp_path / "warehouse.duckdb").as_dict()
    assert report["entities"]["record"]["new"] == 2
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as db:
        names = db.execute("select name from staging.civil_lamps__record order by record_id").fetchall()
    assert names == [("一号",), ("二号",)]
    registered(source.contract(), tmp_path / "warehouse.duckdb")


def registered(contract: Contract, warehouse: Path) -> None:
    """Released and built, the new source's objects stand in the register with their provenance."""
    with open_warehouse(warehouse) as connection:
        release(connection, contract)
        build_claims(connection, [contract])
        build_register(connection, None, model_in_use())
        devices = connection.execute("select device_code, name from register.device order by 1").fetchall()
        said = connection.execute("select distinct source, is_winner from register.provenance").fetchall()
    assert [name for _, name in devices] == ["一号", "二号"] and said == [("civil_lamps", True)]


def test_a_key_that_is_taken_or_misspelt_is_refused(tmp_path: Path) -> None:
    scaffold("civil_lamps", tmp_path / "s", tmp_path / "c")
    for key in ("civil_lamps", "Civil", "x" * 25):
        with pytest.raises(CallRejected) as refused:
            scaffold(key, tmp_path / "s", tmp_path / "c")
        assert refused.value.code == "CT-SPEC"
