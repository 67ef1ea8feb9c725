"""The HTTP wire base from outside: faults scripted over the control endpoint, and the pace of plain pages."""

import time

import requests

from simulator.wires._http import HttpWire, Routes, json_response

PAGE = json_response([{"id": n, "name": "某某", "at": "2022-11-01 00:00:00"} for n in range(1000)])


class PageWire(HttpWire):
    """A thousand rows, always the same."""

    key = "page"

    def routes(self) -> Routes:
        return {("GET", "/rows"): lambda request: PAGE}


def test_control_scripts_a_wire_from_another_process() -> None:
    with PageWire(control=True) as wire:
        control = f"{wire.url}/__control__/faults"
        answer = requests.post(control, json=[{"kind": "status", "path": "/rows", "times": 1, "status": 503}])
        assert answer.status_code == 200
        assert [requests.get(f"{wire.url}/rows").status_code for _ in range(2)] == [503, 200]
        rule = {"kind": "status", "path": "/rows", "nth": None, "times": 1, "options": {"status": 503}}
        assert requests.get(control).json() == [{**rule, "matched": 2, "fired": 1}]
        assert requests.delete(control).json() == []


def test_control_refuses_what_it_does_not_know() -> None:
    bad: object
    with PageWire(control=True) as wire:
        control = f"{wire.url}/__control__/faults"
        for bad in (
            {"kind": "tsunami"},
            {"kind": "status", "colour": 1},
            {"kind": "drop", "nth": 0},
            [3],
            {"kind": []},
        ):
            assert requests.post(control, json=bad).status_code == 400
        assert requests.post(control, data="{}", headers={"Content-Type": "text/plain"}).status_code == 415
        assert wire.faults.rules == []


def test_control_is_closed_unless_it_is_asked_for() -> None:
    with PageWire() as wire:
        assert requests.post(f"{wire.url}/__control__/faults", json={"kind": "drop"}).status_code == 404
        assert wire.faults.rules == []


def test_a_thousand_pages_of_a_thousand_rows_do_not_take_long() -> None:
    with PageWire() as wire, requests.Session() as session:
        begun = time.monotonic()
        for _ in range(1000):
            assert len(session.get(f"{wire.url}/rows").content) == len(PAGE.body)
        assert time.monotonic() - begun < 20
