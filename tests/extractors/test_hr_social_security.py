"""Social security over SOAP in GBK: pages under a session that ends, encodings, refusals, and days as windows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator.wires._http import Request, Seen
from simulator.wires.hr_social_security import HrSocialSecurity, make
from tests.extractors.kit_fixtures import Replay, Row, errors, expected_rows, landed, leaks, manifests, run, store_of

KEY = "hr_social_security"
DAY = ("2022-11-01", "2022-11-02")
LIST, SERVICES = "EMPLOYER_LIST", "WINDOW_SERVICE_LIST"
BOMB = '<!DOCTYPE e [<!ENTITY a "CANARY"><!ENTITY b "&a;&a;&a;">]>'
Serve = Callable[..., HrSocialSecurity]


def employer(number: int, **more: Any) -> tuple[str, str, Row]:
    moment = f"2022-11-01 {number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}"
    fields = {"aab001": f"4401{number:08}", "aab004": "广州市白云区鹤龙商行", "ycbzrs": "12", "aae036": moment}
    return moment, fields["aab001"], {**fields, "fddbr": "CANARY-张三丰", "aac003": "CANARY-李四", **more}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a wire over hand-made employers."""
    with ExitStack() as stack:

        def start(employers: list[tuple[str, str, Row]], **options: Any) -> HrSocialSecurity:
            return stack.enter_context(make(store_of(tmp_path, {(KEY, "employer"): employers}), options=options))

        yield start


def asked(wire: HrSocialSecurity, function: str = LIST) -> list[dict[str, str]]:
    """The parameters of the business calls of one function."""
    paras = [
        re.findall(r'(\w+)="([^"]*)"', seen.body.decode("gbk").partition("<in:business>")[2]) for seen in wire.seen()
    ]
    return [para for para in map(dict, paras) if para.get("functionid") == function]


def logins(wire: HrSocialSecurity) -> list[Seen]:
    return [seen for seen in wire.seen() if b"<in:login>" in seen.body]


def name(request: Request) -> str:
    found = re.search(rb'functionid="(\w+)"', request.body)
    return f"reply_{found[1].decode() if found else 'login'}.xml"


def test_the_sample_becomes_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Replay(KEY, name, login="u", password="p", extra={"area_code": "440111017"}) as wire:
        summary = run(KEY, wire, "2022-11-01", "2022-11-08", tmp_path, monkeypatch)
    assert (summary.exit_status, summary.findings, errors(summary)) == (0, [], [])
    assert {entity: landed(tmp_path, KEY, entity) for entity in expected_rows(KEY)} == expected_rows(KEY)
    assert leaks(tmp_path, KEY, summary, ("CANARY", "FW000030000001")) == []


def test_pages_of_500_come_in_order_as_the_wire_wants_them_asked(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([employer(n) for n in range(1_203)])
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    told = summary.entities["employer"]
    assert (summary.exit_status, told.source_total, told.rows) == (0, 1_203, 1_203)
    assert [para["startrow"] for para in asked(wire)] == ["1", "501", "1001"]
    assert asked(wire)[0] == {
        "functionid": LIST, "area": "440111017", "begin": "20221101", "end": "20221102", "startrow": "1", "rows": "500",
    }  # fmt: skip
    assert len(logins(wire)) == 1
    for seen in wire.seen():
        assert seen.headers["content-type"] == "text/xml; charset=GBK"
        assert "soapaction" not in seen.headers
        assert seen.body.startswith(b'<?xml version="1.0" encoding="GBK"?>')


def test_a_second_run_lands_nothing_new(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = serve([employer(n) for n in range(30)])
    loads = []
    for _ in range(2):
        assert run(KEY, wire, *DAY, tmp_path, monkeypatch).exit_status == 0
        loads.append([manifest for _, manifest in manifests(tmp_path, KEY)])
    assert loads[0] == loads[1]


def test_a_session_that_ends_in_mid_page_is_opened_again_and_the_page_asked_again(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([employer(n) for n in range(1_203)])
    wire.faults.add("expired_token", LIST, nth=2)
    wire.faults.add("expired_token", SERVICES, nth=1)
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.entities["employer"].rows) == (0, 1_203)
    assert [para["startrow"] for para in asked(wire)] == ["1", "501", "501", "1001"]
    assert len({row["aab001"] for row in landed(tmp_path, KEY, "employer")}) == 1_203
    assert len(logins(wire)) == 3


def test_a_session_lives_for_twenty_minutes(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10**9, 100))
    wire = serve([employer(n) for n in range(2_500)], clock=lambda: float(next(clock)))
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.entities["employer"].rows) == (0, 2_500)
    assert len(logins(wire)) > 2


def test_a_session_that_never_holds_is_an_error(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = serve([employer(1)])
    wire.faults.add("expired_token", LIST)
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), len(logins(wire))) == (4, ["EX-AUTH"], 2)


def test_a_wrong_password_is_tried_once(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = serve([employer(1)])
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch, password='canary"<&')
    assert (summary.exit_status, errors(summary), len(logins(wire))) == (4, ["EX-AUTH"], 1)
    assert leaks(tmp_path, KEY, summary, ("canary", "用户名")) == []


def test_a_code_of_refusal_is_an_error_without_its_message(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = run(KEY, serve([employer(1)]), *DAY, tmp_path, monkeypatch, extra={"area_code": "440104001"})
    assert (summary.exit_status, errors(summary)) == (4, ["EX-CODE"])
    assert summary.errors[0].detail == f"{LIST}: code -4"


def test_characters_outside_gbk_and_markup_come_through(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = "䶮𬭚\"<公司>&'\n甲"
    wire = serve([employer(1, aab004=named)])
    assert run(KEY, wire, *DAY, tmp_path, monkeypatch).exit_status == 0
    assert landed(tmp_path, KEY, "employer")[0]["aab004"] == named


def test_a_head_count_below_ten_does_not_land(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = ["9", "10", "0", r"\N", "5,000000", "1,234", "７", None]
    wire = serve([employer(n, ycbzrs=count) for n, count in enumerate(counts)])
    run(KEY, wire, *DAY, tmp_path, monkeypatch)
    came = [row.get("ycbzrs") for row in landed(tmp_path, KEY, "employer")]
    assert came == ["<10", "10", "<10", r"\N", "invalid", "1,234", "<10", None]


def test_a_window_within_days_is_widened_and_loses_no_row(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([employer(n * 3_600) for n in range(24)])
    summary = run(KEY, wire, "2022-11-01 06:00:00", "2022-11-01 18:00:00", tmp_path, monkeypatch)
    assert (asked(wire)[0]["begin"], asked(wire)[0]["end"]) == ("20221101", "20221102")
    assert (summary.exit_status, summary.entities["employer"].rows) == (0, 24)


def test_a_null_left_out_is_a_null_and_a_renamed_attribute_stops_the_source(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([employer(1, aab004=None), employer(2), employer(3, aae036=None)])
    assert run(KEY, wire, *DAY, tmp_path, monkeypatch).exit_status == 0
    wire.faults.add("rename_field", LIST, field="aab004", to="aab044")
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary)) == (4, ["DE-SCHEMA"])


def test_a_further_attribute_is_dropped_and_reported(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([employer(1)])
    wire.faults.add("add_field", LIST, field="zzmm", value="CANARY-党员")
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, [f["field"] for f in summary.findings if f["code"] == "EX-UNDECLARED"]) == (
        0,
        ["zzmm"],
    )
    assert leaks(tmp_path, KEY, summary) == []


@pytest.mark.parametrize("kind", ["truncate", "drop", "truncate_chunked"])
def test_an_answer_that_breaks_off_is_asked_for_again(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    wire = serve([employer(n) for n in range(700)])
    wire.faults.add(kind, LIST, nth=2, at=300)
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.entities["employer"].rows) == (0, 700)


@pytest.mark.parametrize(
    ("kind", "options", "codes"),
    [
        ("total", {"nth": 2}, []),
        ("lose_rows", {"nth": 1}, []),
        ("duplicate_rows", {"nth": 2}, []),
        ("repeat_page", {"nth": 2}, []),
        ("lose_rows", {}, ["EX-GAP"]),
        ("total", {}, ["EX-MOVING"]),
        ("empty_page", {}, ["EX-GAP"]),
    ],
)
def test_pages_that_do_not_add_up_are_read_once_more(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, options: dict[str, Any], codes: list[str]
) -> None:
    wire = serve([employer(n) for n in range(700)])
    wire.faults.add(kind, LIST, **options)
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert errors(summary) == codes
    assert summary.exit_status == (3 if codes else 0)
    assert len(landed(tmp_path, KEY, "employer")) == (0 if codes else 700)


@pytest.mark.parametrize(
    ("kind", "options", "status", "code"),
    [
        ("status", {"status": 503}, 3, "EX-BUSY"),
        ("status", {"status": 500, "body": "oops"}, 3, "EX-HTTP"),
        ("status", {"status": 403}, 4, "EX-DENIED"),
        ("replace", {}, 4, "EX-SHAPE"),
        ("replace", {"content_type": "text/xml"}, 4, "DE-XML"),
        ("replace", {"content_type": "text/xml", "body": "<page/>"}, 4, "EX-SHAPE"),
        ("replace", {"content_type": "text/xml", "body": "<a><b></a>"}, 4, "DE-XML"),
        ("replace", {"content_type": "text/xml", "body": f"<?xml version='1.0'?>{BOMB}<e>&b;</e>"}, 4, "DE-XML"),
        ("redirect", {}, 4, "EX-HTTP"),
        ("gzip_bomb", {}, 4, "EX-BOMB"),
        ("encoding", {"read_as": "gbk", "write_as": "utf-8"}, 4, "DE-ENC"),
    ],
)
def test_what_is_no_answer_is_refused(
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    options: dict[str, Any],
    status: int,
    code: str,
) -> None:
    wire = serve([employer(1)])
    wire.faults.add(kind, LIST, **options)
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (status, [code], [])
    assert leaks(tmp_path, KEY, summary) == []


def soap(wire: HrSocialSecurity, inner: str, header: str = "", **headers: str) -> requests.Response:
    """One request as written by hand."""
    envelope = "http://schemas.xmlsoap.org/soap/envelope/"
    text = (
        f'<?xml version="1.0" encoding="GBK"?><s:Envelope xmlns:s="{envelope}" xmlns:in="http://www.molss.gov.cn/">'
        f"<s:Header>{header}</s:Header><s:Body>{inner}</s:Body></s:Envelope>"
    )
    said = {"Content-Type": "text/xml; charset=GBK", **headers}
    return requests.post(f"{wire.url}/sieaf/services", data=text.encode("gbk"), headers=said, timeout=5)


def business(**para: object) -> str:
    said: dict[str, object] = {"functionid": LIST, "area": "440111017", "begin": "20221101", "end": "20221102"}
    said |= {"startrow": 1, "rows": 500, **para}
    attributes = " ".join(f'{name}="{value}"' for name, value in said.items())
    return f"<in:business><para {attributes}/></in:business>"


def test_the_wire_refuses_what_the_profile_does_not_allow(serve: Serve) -> None:
    wire = serve([employer(1)])
    entered = soap(wire, f'<in:login><para usr="{wire.login}" pwd="{wire.password}"/></in:login>')
    session = re.findall(r'sessionid="(\w+)"', entered.text)[0]
    header = f'<in:system><para sessionid="{session}"/></in:system>'
    assert 'code="1"' in soap(wire, business(), header).text
    assert 'code="-99"' in soap(wire, business()).text
    for para, code in (({"rows": 501}, -1), ({"startrow": 0}, -1), ({"begin": "2022-11-01"}, -1), ({"area": ""}, -4)):
        assert f'code="{code}"' in soap(wire, business(**para), header).text
    assert 'code="-3"' in soap(wire, business(functionid="PERSON_LIST"), header).text
    for headers in ({"SOAPAction": '""'}, {"Content-Type": "text/xml; charset=UTF-8"}):
        refused = soap(wire, business(), header, **headers)
        assert (refused.status_code, "Fault" in refused.text) == (500, True)
    assert soap(wire, business(), header, **{"Content-Type": "application/json"}).status_code == 415
    assert soap(wire, "<in:logout><para/></in:logout>", header).status_code == 500
