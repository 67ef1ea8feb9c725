"""Video platform: catalogues in fragments, complete or partial; Digest; GB18030 declared GB2312; hostile XML."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.auth import HTTPDigestAuth

from expectations.errors import CallRejected
from extractors import discover
from extractors._kit.summary import Summary
from simulator.town.systems.video_platform import PLATFORM_ID
from simulator.wires._http import HttpWire, Request, Response, Routes, json_response
from simulator.wires.video_platform import VideoPlatform, make, write_fragment
from tests.extractors.kit_fixtures import Replay, Row, errors, expected_rows, landed, leaks, manifests, run, store_of

KEY = "video_platform"
NIGHT = ("2022-11-01", "2022-11-02")
PROLOG = '<?xml version="1.0" encoding="GB2312"?>\r\n'
Serve = Callable[..., VideoPlatform]
Night = Callable[..., Summary]


def device(number: int, **fields: object) -> tuple[str, str, Row]:
    key = f"4401110100131700{number:04}"
    item = {"DeviceID": key, "Name": f"䶮{number}", "Secrecy": "0", "Status": "ON"}
    return "2022-01-01 00:00:00", key, item | fields


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Start a wire over hand-made devices, ten to a fragment; polls wait next to nothing."""
    patient = dict(discover()[KEY].options) | {"poll_pause": 0.001, "poll_longest": 0.01, "poll_patience": 0.05}
    source = replace(discover()[KEY], options=patient)
    monkeypatch.setattr("tests.extractors.kit_fixtures.discover", lambda: {KEY: source})
    with ExitStack() as stack:

        def start(devices: list[tuple[str, str, Row]], **options: Any) -> VideoPlatform:
            store = store_of(tmp_path, {(KEY, "device"): devices})
            return stack.enter_context(make(store, options={"fragment": 10} | options))

        yield start


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    """One night's run against a wire."""
    return lambda wire, **overrides: run(KEY, wire, *NIGHT, tmp_path, monkeypatch, **overrides)


class Scripted(HttpWire):
    """Answers every query with the same fragments, whatever they are."""

    key = KEY

    def __init__(self, *fragments: str | bytes, sn: object = "7") -> None:
        super().__init__(login="u", password="p", extra={"device_id": PLATFORM_ID})
        self.fragments = [f if isinstance(f, bytes) else f.encode("gb18030") for f in fragments]
        self.sn = sn

    def routes(self) -> Routes:
        return {("POST", "/catalog/query"): lambda _: json_response({"sn": self.sn}), ("GET", "*"): self.fragment}

    def fragment(self, request: Request) -> Response:
        place = int(request.path.rpartition("/")[2])
        found = self.fragments[place - 1 : place]
        return Response(200, found[0], {"Content-Type": "application/xml"}) if found else Response(404)


def catalogue(total: int, *numbers: int, sn: str = "7") -> str:
    return write_fragment(sn, PLATFORM_ID, total, [device(n)[2] for n in numbers])


def scripted(wire: Scripted, night: Night) -> Summary:
    with wire:
        return night(wire)


def keys(tmp_path: Path) -> list[str]:
    return [row["DeviceID"][-4:] for row in landed(tmp_path, KEY, "device")]


def named(request: Request) -> str:
    return "query.json" if request.method == "POST" else f"response_{request.path.rpartition('/')[2]}.xml"


def test_the_sample_becomes_its_rows(night: Night, tmp_path: Path) -> None:
    with Replay(KEY, named, login="u", password="p", extra={"device_id": PLATFORM_ID}) as wire:
        summary = night(wire)
    figures = summary.entities["device"]
    assert (summary.exit_status, summary.findings, figures.snapshot) == (0, [], True)
    assert (figures.source_total, figures.dropped) == (4, {"secret_device_is_not_taken": 1})
    assert (landed(tmp_path, KEY, "device"), figures.urls_removed) == (expected_rows(KEY)["device"], {"Model": 1})
    assert leaks(tmp_path, KEY, summary, ("CANARY", "rtsp:", "涉密")) == []


def test_a_complete_catalogue_is_a_snapshot_and_lands_once(serve: Serve, night: Night, tmp_path: Path) -> None:
    wire = serve([device(n) for n in range(35)], waits=3)
    for _ in range(2):
        summary = night(wire)
        assert (summary.exit_status, summary.notes) == (0, {"waits": 3})
    assert [(m.rows, m.snapshot, m.partial) for _, m in manifests(tmp_path, KEY)] == [(35, True, False)]
    assert sum(seen.status == 401 for seen in wire.seen()) == 2  # one challenge a run: its nonce is used again


@pytest.mark.parametrize(
    ("nth", "status"), [(1, 0), (3, 0), (4, 3)], ids=["second complete", "fourth complete", "never complete"]
)
def test_an_incomplete_catalogue_is_asked_for_four_times(
    nth: int, status: int, serve: Serve, night: Night, tmp_path: Path
) -> None:
    wire = serve([device(n) for n in range(25)], waits=0)
    wire.faults.add("lose_rows", "/catalog/response/*/2", times=nth)
    summary = night(wire)
    assert (summary.exit_status, errors(summary)) == (status, ["EX-PARTIAL"] if status else [])
    ((_, manifest),) = manifests(tmp_path, KEY)
    figures = (manifest.source_total, manifest.rows, manifest.snapshot, manifest.partial)
    assert figures == ((25, 24, False, True) if status else (25, 25, True, False))
    assert summary.notes["incomplete_catalogues"] == nth
    queried = [seen for seen in wire.seen("/catalog/query") if seen.status == 200]
    assert len(queried) == min(nth + 1, 4)


def test_a_fragment_that_never_gets_ready_makes_the_catalogue_partial(
    serve: Serve, night: Night, tmp_path: Path
) -> None:
    wire = serve([device(n) for n in range(25)], waits=0)
    wire.faults.add("status", "/catalog/response/*/3", status=202)
    summary = night(wire)
    assert (summary.exit_status, errors(summary), len(keys(tmp_path))) == (3, ["EX-PARTIAL"], 20)
    assert len(wire.seen("/catalog/response/*/3")) < 100


def test_a_fragment_sent_twice_does_not_stand_in_for_a_lost_one(serve: Serve, night: Night, tmp_path: Path) -> None:
    wire = serve([device(n) for n in range(30)], waits=0)
    wire.faults.add("repeat_page", "/catalog/response/*/2", times=4)
    summary = night(wire)
    ((_, manifest),) = manifests(tmp_path, KEY)
    assert (summary.exit_status, manifest.rows, manifest.snapshot) == (3, 20, False)


@pytest.mark.parametrize(
    "fragments",
    [
        (catalogue(3, 1, 2), catalogue(3, 2), catalogue(3, 3)),  # one overlaps
        (catalogue(3, 1, 2), catalogue(3, 9, sn="6"), catalogue(3, 3)),  # one answers an earlier query
        (catalogue(3, 1, 2), catalogue(3), catalogue(3, 3)),  # one is empty
        (catalogue(3, 1, 2).replace("<SN>7</SN>", "<SN> 7\n</SN>"), catalogue(3, 3).replace("<SN>7</SN>", "")),
        (catalogue(3, 1, 2).replace(' Num="2"', ""), catalogue(3, 3)),
        (catalogue(3, 1, 2).replace("<Response>", '<Response xmlns="urn:x">'), catalogue(3, 3)),
    ],
)
def test_what_is_only_untidy_is_complete(fragments: tuple[str, ...], night: Night, tmp_path: Path) -> None:
    summary = scripted(Scripted(*fragments, sn=7), night)
    assert (summary.exit_status, sorted(keys(tmp_path))) == (0, ["0001", "0002", "0003"])
    assert summary.entities["device"].snapshot


@pytest.mark.parametrize(
    ("fragments", "rows"),
    [
        ((catalogue(3, 1, 2), catalogue(4, 3)), 3),  # SumNum changes
        ((catalogue(3, 1, 2), catalogue(3, 3, 4)), 4),  # more than SumNum
        ((catalogue(3, 1, 2).replace('Num="2"', 'Num="3"'),), 2),  # Num is not the number of items
        ((catalogue(3, 1, 2), *[catalogue(3, 1)] * 5000), 2),  # the same again, without an end
    ],
)
def test_what_does_not_add_up_is_partial(fragments: tuple[str, ...], rows: int, night: Night, tmp_path: Path) -> None:
    wire = Scripted(*fragments)
    summary = scripted(wire, night)
    ((_, manifest),) = manifests(tmp_path, KEY)
    assert (summary.exit_status, errors(summary)) == (3, ["EX-PARTIAL"])
    assert (manifest.rows, manifest.partial, manifest.snapshot) == (rows, True, False)
    assert len(wire.seen()) < 40


@pytest.mark.parametrize("fragments", [(), (catalogue(0),)], ids=["nothing", "an empty catalogue"])
def test_no_device_at_all_lands_nothing(fragments: tuple[str, ...], night: Night, tmp_path: Path) -> None:
    summary = scripted(Scripted(*fragments), night)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (3, ["EX-EMPTY", "EX-PARTIAL"], [])


def entity_bomb() -> str:
    lines = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return f'{PROLOG}<!DOCTYPE r [<!ENTITY a0 "CANARY">{lines}]><Response><CmdType>&a9;</CmdType></Response>'


@pytest.mark.parametrize(
    ("fragment", "code"),
    [
        (entity_bomb(), "DE-XML"),
        (f'{PROLOG}<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd"><Response/>', "DE-XML"),
        (f'{PROLOG}<!doctype r [<!ENTITY x SYSTEM "file:///etc/passwd">]><Response>&x;</Response>', "DE-XML"),
        (f"{PROLOG}<Response>&x;</Response>", "DE-XML"),
        (PROLOG + "<a>" * 100_000, "DE-XML"),
        (PROLOG + "<a>" * 300 + "</a>" * 300, "DE-XML"),
        (catalogue(1, 1)[:-20], "DE-XML"),
        (catalogue(1, 1).replace("䶮1", "A & B"), "DE-XML"),
        ("", "DE-XML"),
        (catalogue(1, 1).encode("utf-8"), "DE-ENC"),
        (catalogue(1, 1).encode("gb18030").replace(b"<Name>", b"<Name>\xff"), "DE-ENC"),
        (catalogue(1, 1).replace("GB2312", "UTF-16"), "DE-ENC"),
        (catalogue(1, 1).replace("Catalog<", "Alarm<"), "EX-SHAPE"),
        (catalogue(1, 1).replace("<SumNum>1<", "<SumNum>many<"), "EX-SHAPE"),
        (catalogue(1, 1).replace('Num="1"', 'Num="-1"'), "EX-SHAPE"),
        ("<!-- " + "x" * 9_000_000 + " -->", "EX-BIG"),
    ],
)  # fmt: skip
def test_hostile_or_changed_xml_stops_the_source(
    fragment: str | bytes, code: str, night: Night, tmp_path: Path
) -> None:
    summary = scripted(Scripted(fragment), night)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (4, [code], [])
    assert leaks(tmp_path, KEY, summary, ("CANARY", "root:")) == []


def test_an_honest_declaration_is_read_as_it_says(night: Night, tmp_path: Path) -> None:
    fragment = catalogue(1, 1).replace("GB2312", "utf-8").encode("utf-8")
    assert scripted(Scripted(fragment), night).exit_status == 0
    assert landed(tmp_path, KEY, "device")[0]["Name"] == "䶮1"


def test_items_without_a_number_or_with_two_are_set_aside(night: Night, tmp_path: Path) -> None:
    twice = "<Item><DeviceID>1</DeviceID><DeviceID>CANARY</DeviceID></Item>"
    fragment = catalogue(3, 1).replace('Num="1"', 'Num="3"').replace(
        "</DeviceList>", f"{twice}<Item><DeviceID/></Item></DeviceList>"
    )  # fmt: skip
    summary = scripted(Scripted(fragment), night)
    figures = summary.entities["device"]
    assert (summary.exit_status, figures.rows, figures.rejected, figures.snapshot) == (0, 1, {"DE-ROW": 2}, True)
    assert leaks(tmp_path, KEY, summary) == []


@pytest.mark.parametrize(
    "name",
    ["大门rtsp://CANARY/1", "摄像机1HTTP://CANARY", "ｒｔｓｐ：／／CANARY", "rtsp:\\\\CANARY", "http:\\/\\/CANARY",
     "//CANARY.cn/a.jpg", "大门www.CANARY.cn", "data:image/jpeg;base64,CANARY"],
)  # fmt: skip
def test_a_url_is_one_however_it_is_written(serve: Serve, night: Night, tmp_path: Path, name: str) -> None:
    summary = night(serve([device(1, Name=name), device(2, Name="1号楼//大门：东")]))
    assert summary.entities["device"].urls_removed == {"Name": 1}
    assert sorted(str(row.get("Name")) for row in landed(tmp_path, KEY, "device")) == ["1号楼//大门：东", "None"]
    assert leaks(tmp_path, KEY, summary) == []


def test_secret_devices_and_addresses_of_streams_do_not_land(serve: Serve, night: Night, tmp_path: Path) -> None:
    urls = {"Name": "rtsp://CANARY/1", "Info/UseType": "http://CANARY", "Info/StreamURL": "rtsp://CANARY"}
    wire = serve([device(1, Secrecy="1", Name="CANARY"), device(2, Password="CANARY", **urls), device(3)])
    summary = night(wire)
    figures = summary.entities["device"]
    assert (figures.source_total, figures.rows, figures.dropped) == (3, 2, {"secret_device_is_not_taken": 1})
    assert (summary.exit_status, figures.urls_removed) == (0, {"Info/UseType": 1, "Name": 1})
    assert leaks(tmp_path, KEY, summary) == []
    assert "Secrecy" not in landed(tmp_path, KEY, "device")[0]


@pytest.mark.parametrize(
    ("kind", "path", "options", "status", "code"),
    [
        ("replace", "/catalog/query", {"body": "{}", "content_type": "application/json"}, 4, "EX-SHAPE"),
        ("replace", "/catalog/response/*", {}, 4, "DE-XML"),
        ("status", "/catalog/response/*", {"status": 500}, 3, "EX-HTTP"),
        ("truncate", "/catalog/response/*", {"at": 100}, 3, "EX-TRUNC"),
        ("encoding", "/catalog/response/*", {"read_as": "gb18030", "write_as": "utf-8"}, 4, "DE-ENC"),
        ("rename_field", "/catalog/response/*", {"field": "DeviceID", "to": "Number"}, 4, "DE-SCHEMA"),
        ("gzip_bomb", "/catalog/response/*", {"megabytes": 20}, 4, "EX-BOMB"),
    ],
)
def test_faults_end_with_their_code_and_land_nothing(
    kind: str, path: str, options: Row, status: int, code: str, serve: Serve,
    night: Night, tmp_path: Path,
) -> None:  # fmt: skip
    wire = serve([device(n) for n in range(25)], waits=0)
    wire.faults.add(kind, path, **options)
    summary = night(wire)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (status, [code], [])


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_a_stale_nonce_is_renewed(algorithm: str, serve: Serve, night: Night, tmp_path: Path) -> None:
    ticks = iter(range(10_000))
    wire = serve([device(n) for n in range(35)], algorithm=algorithm, nonce_seconds=9, clock=lambda: float(next(ticks)))
    assert night(wire).exit_status == 0
    assert sum(seen.status == 401 for seen in wire.seen()) > 1


def test_a_wrong_password_needs_a_person(serve: Serve, night: Night, tmp_path: Path) -> None:
    wire = serve([device(1)])
    summary = night(wire, password="CANARY-wrong")
    assert (summary.exit_status, errors(summary), len(wire.seen())) == (4, ["EX-AUTH"], 2)
    assert leaks(tmp_path, KEY, summary) == []


def test_the_wire_refuses_what_the_platform_refuses(serve: Serve) -> None:
    wire = serve([device(n) for n in range(15)])
    auth = HTTPDigestAuth(wire.login, wire.password)
    query = f"{wire.url}/catalog/query"
    assert requests.post(query, json={"deviceId": PLATFORM_ID}).status_code == 401
    assert requests.post(query, json={"deviceId": "34020000002000000001"}, auth=auth).status_code == 404
    sn = requests.post(query, json={"deviceId": PLATFORM_ID}, auth=auth).json()["sn"]
    places = [requests.get(f"{wire.url}/catalog/response/{sn}/{n}", auth=auth) for n in (1, 1, 2, 3, 0)]
    assert [answer.status_code for answer in places] == [202, 200, 200, 404, 404]
    assert requests.get(f"{wire.url}/catalog/response/{int(sn) + 1}/1", auth=auth).status_code == 404
    text = places[1].content.decode("gb18030")
    assert ('encoding="GB2312"' in text, "<SumNum>15</SumNum>" in text, 'Num="10"' in text) == (True, True, True)
    used = places[1].request.headers["Authorization"]
    assert requests.get(f"{wire.url}/catalog/response/{sn}/1", headers={"Authorization": used}).status_code == 401


def test_a_catalogue_cannot_be_asked_for_the_past(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CallRejected) as refused:
        run(KEY, serve([device(1)]), *NIGHT, tmp_path, monkeypatch, history=True)
    assert refused.value.code == "BF-PRESENT"
    assert not (tmp_path / "landing").exists()


def test_a_catalogue_read_on_another_day_says_when_it_was_taken(
    serve: Serve, night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("extractors._kit.clock.simulated", lambda: None)
    assert night(serve([device(1)])).exit_status == 0
    [(_, manifest)] = manifests(tmp_path, KEY)
    assert manifest.taken and manifest.read_at.startswith(manifest.taken)
    assert manifest.seen_at > datetime(2026, 1, 1) > datetime.fromisoformat(manifest.end)
