"""The stand-in for a source without a wire: whatever is asked, the sample answers."""

import json
from pathlib import Path

import pytest
import requests

from simulator.wires._standin import StandIn

REPLY = {"code": 0, "data": {"total": 2, "list": [{"no": "1", "kind": "01"}, {"no": "2", "kind": "02"}]}}


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    (tmp_path / "reply.json").write_text(json.dumps(REPLY, indent=1))
    (tmp_path / "reply_login.json").write_text('{"token": "t"}')
    return tmp_path


def test_any_path_gets_the_bytes_of_the_sample(sample: Path) -> None:
    with StandIn("permits", sample, login="u", password="p") as wire:
        assert requests.get(f"{wire.url}/api/permits?page=1").content == (sample / "reply.json").read_bytes()
        assert requests.post(f"{wire.url}/x", json={}).json() == REPLY
        assert requests.post(f"{wire.url}/api/login", json={}).json() == {"token": "t"}
        assert (wire.key, wire.connection()["conn_type"]) == ("permits", "http")


def test_row_faults_find_the_rows_and_the_total(sample: Path) -> None:
    with StandIn("permits", sample) as wire:
        wire.faults.add("rename_field", "/list", field="kind", to="sort", times=1)
        wire.faults.add("total", "/list", by=3, times=1)
        wire.faults.add("empty_page", "/list", nth=2)
        first, second, third = (requests.get(f"{wire.url}/list").json()["data"] for _ in range(3))
    assert first == {"total": 5, "list": [{"no": "1", "sort": "01"}, {"no": "2", "sort": "02"}]}
    assert (second["list"], third) == ([], REPLY["data"])


def test_a_sample_without_a_reply_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"reply\.json"):
        StandIn("permits", tmp_path)
