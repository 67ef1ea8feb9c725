"""What a client written from sources.md alone found the wires to do otherwise than it says."""

import uuid
from pathlib import Path
from typing import Any

import pytest
import requests

from extractors._kit.signing import hmac_sm3_hex, sm3_hex
from simulator.store import Store
from simulator.wires.grid_dispatch import GridDispatch
from simulator.wires.hr_social_security import HrSocialSecurity
from simulator.wires.insurance_enrolment import InsuranceEnrolment

AT = "2022-11-01 00:00:00"


@pytest.mark.parametrize("body", [b"", b"<x", b"\xff\xff", b'<?xml version="1.0" encoding="GBK"?><a/>'])
def test_what_is_no_soap_gets_a_fault_and_not_a_dropped_connection(small_town: Store, body: bytes) -> None:
    with HrSocialSecurity(small_town) as wire:
        headers = {"Content-Type": "text/xml; charset=GBK"}
        answer = requests.post(f"{wire.url}/sieaf/services", body, headers=headers, timeout=10)
        assert (answer.status_code, "soapenv:Fault" in answer.text) == (500, True)


def ask(wire: GridDispatch, action: str, data: dict[str, Any], uid: str = "", token: str = "") -> dict[str, Any]:
    if not token:
        client = {"clientId": wire.login, "timestamp": 1, "sign": hmac_sm3_hex(wire.password, f"{wire.login}1")}
        token = requests.post(f"{wire.url}/openapi/client", json=client, timeout=10).json()["data"]["token"]
    body = {"action": action, "senderCode": wire.extra["sender_code"], "uid": uid or str(uuid.uuid4()), "data": data}
    said = requests.post(f"{wire.url}/openapi/service", params={"token": token}, json=body, timeout=10)
    answer: dict[str, Any] = said.json()
    return answer


def test_an_attempt_with_an_old_token_uses_its_uid_up(small_town: Store) -> None:
    with GridDispatch(small_town) as wire:
        uid = str(uuid.uuid4())
        assert ask(wire, "GRID_LIST", {}, uid, token="old")["code"] == 40101
        assert ask(wire, "GRID_LIST", {}, uid)["code"] == 40003
        assert ask(wire, "GRID_LIST", {})["code"] == 0


def test_one_record_is_shown_as_it_was_at_the_moment(small_town: Store) -> None:
    later = {row.key for row in small_town.iterate("grid_dispatch", "event", AT)}
    before = {row.key: row.changed_at for row in small_town.iterate("grid_dispatch", "event", None, AT)}
    changed, fresh = sorted(later & before.keys()), sorted(later - before.keys())
    with GridDispatch(small_town, AT) as wire:
        for key in changed:
            (record,) = ask(wire, "REC_GET", {"recId": key})["data"]["records"]
            assert record["modify_time"] == before[key]
        assert changed
        assert ask(wire, "REC_GET", {"recId": fresh[0]})["data"] == {"total": 0, "records": []}


def test_the_checksum_of_a_control_file_comes_in_either_case(small_town: Store) -> None:
    with InsuranceEnrolment(small_town) as wire:
        said = {path: path.with_suffix(".ctl").read_text().split() for path in Path(wire.drop).glob("QMCB_4*.txt")}
        assert all(lines[2].lower() == sm3_hex(path.read_bytes()) for path, lines in said.items())
        assert {lines[2].islower() for lines in said.values()} == {True, False}
