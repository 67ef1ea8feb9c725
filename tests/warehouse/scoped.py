"""The small office with a register as far as places go, and a desk that asks its commands as somebody.

Import `small_contracts`, `desk` and what `resident` gives.
"""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

from tests.warehouse.resident import HALL, ROUNDS, Office
from warehouse.decisions.__main__ import main

A, B = "440111017001", "440111017002"


@pytest.fixture(autouse=True)
def small_contracts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.decisions.call.personal_contracts", lambda: (HALL, ROUNDS))


def settle_register(office: Office) -> None:
    """A register as far as places go: Ann lives in A, Cho is registered in B."""
    with duckdb.connect(str(office.warehouse)) as connection:
        connection.execute("create schema register")
        for statement in (
            "person as select * from (values ('PA', '440111017002'), ('PC', '黄边村')) as t(person_id, community_code)",
            "person_member as select md5('town_hall|people|' || r) as obs_key, p as person_id "
            "from (values ('1', 'PA'), ('3', 'PC')) as t(r, p)",
            "person_house_link as select 'PA' as person_id, 'H1' as house_id, true as is_latest",
            "house as select 'H1' as house_id, '440111017002' as community_code",
            "house_member as select md5('town_round|stay|s1|1') as obs_key, 'H1' as house_id",
            "house_grid as select 'H1' as house_id, 'G1' as grid_cell_id, true as is_current",
            "grid_cell as select 'G1' as grid_cell_id, '440111017001' as community_code",
        ):
            connection.execute(f"create table register.{statement}")


@pytest.fixture
def desk(office: Office, capsys: pytest.CaptureFixture[str]) -> Any:
    """Asks a command as somebody; status and answer."""
    settle_register(office)

    def ask(by: str, command: str, *arguments: str, role: str = "registrar", url: str | None = None) -> Any:
        named = ["--by", by, "--role", role, "--purpose", "居民申请", "--json", "--warehouse", str(office.warehouse),
                 "--landing", str(office.landing), *(["--decisions", url] if url else [])]  # fmt: skip
        status = main([command, *arguments, *named])
        return status, json.loads(capsys.readouterr().out)

    return ask


ANNS, CHOS, BEAS, NOBODY = (f"town_hall|people|{n}" for n in ("1", "3", "2", "99"))
