"""Export jobs: polling, expiry, too many rows, where a link may lead, and what is in the zip."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests

from extractors import discover
from extractors._kit.signing import gjgxjhpt_headers
from simulator.wires import wage_arrears
from simulator.wires._http import Request
from simulator.wires._workbook import plain_workbook
from simulator.wires.wage_arrears import FIELDS, WageArrears, make
from tests.extractors.kit_fixtures import Replay, Row, errors, expected_rows, landed, leaks, manifests, run, store_of
from tests.malicious.corpus import adding, in_sheet

KEY = "wage_arrears"
ENTITY = "clue"
DAY = ("2022-11-01", "2022-11-02")
FORMULA = in_sheet(b"</sheetData>", b'<row r="20"><c r="A20"><f>1+1</f></c></row></sheetData>')
Serve = Callable[..., WageArrears]


def clue(number: int, second: int | None = None) -> tuple[str, str, Row]:
    at = number if second is None else second
    moment = f"2022-11-01 {at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}"
    fields = {
        "clue_no": f"QX{number:06}",
        "domain": "1",
        "employer_name": "某公司",
        "worker_cnt": 3,
        "owe_amt": "约12万",
    }
    fields |= {"submit_time": "2022-10-30 08:00:00", "update_time": moment, "complainant_phone": "CANARY-139"}
    return moment, f"QX{number:06}", fields


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a wire over hand-made clues."""
    with ExitStack() as stack:

        def start(clues: list[tuple[str, str, Row]], **options: Any) -> WageArrears:
            place = tmp_path / f"town-{len(list(tmp_path.glob('town-*')))}"
            place.mkdir()
            return stack.enter_context(make(store_of(place, {(KEY, ENTITY): clues}), options=options))

        yield start


def zip_of(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def serve_zip(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(wage_arrears, "zipped", lambda rows: content)


def sheet(*numbers: int) -> bytes:
    return plain_workbook(FIELDS, [clue(n)[2] for n in numbers])


def test_the_sample_becomes_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def name(request: Request) -> str:
        if request.path.startswith("/export/files/"):
            return "export.zip"
        return "reply_submit.json" if request.method == "POST" else "reply_job.json"

    with Replay(KEY, name, login="s", password="k", extra={"area_code": "440111017"}) as wire:
        summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.findings) == (0, [])
    assert {ENTITY: landed(tmp_path, KEY, ENTITY)} == expected_rows(KEY)
    assert leaks(tmp_path, KEY, summary, ("CANARY", "QX2022")) == []


def test_a_second_run_lands_nothing_new(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = serve([clue(n) for n in range(30)])
    loads = [run(KEY, wire, *DAY, tmp_path, monkeypatch).entities[ENTITY].load_id for _ in range(2)]
    assert loads[0] == loads[1]
    assert len(landed(tmp_path, KEY, ENTITY)) == 30


def test_an_empty_window_is_no_error(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = serve([])
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.entities[ENTITY].source_total) == (0, 0)
    assert wire.seen("/export/files/*") == []


def test_a_vague_amount_lands_as_it_was_written(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(KEY, serve([clue(1)]), *DAY, tmp_path, monkeypatch)
    assert landed(tmp_path, KEY, ENTITY)[0]["owe_amt"] == "约12万"


def test_every_call_is_signed_and_the_clock_counts(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([clue(1)])
    body = {"areaCode": "440111017", "timeType": "update", "begin": "2022-11-01 00:00:00", "end": "2022-11-02 00:00:00"}
    assert requests.post(f"{wire.url}/export/jobs", json=body, timeout=5).status_code == 401
    late = gjgxjhpt_headers(wire.login, wire.password, now=time.time() - 301)
    assert requests.post(f"{wire.url}/export/jobs", json=body, headers=late, timeout=5).status_code == 401
    assert run(KEY, wire, *DAY, tmp_path, monkeypatch).exit_status == 0
    rids = [seen.headers["gjgxjhpt_rid"] for seen in wire.seen() if seen.status == 200]
    assert len(set(rids)) == len(rids) >= 5
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch, password="wrong")
    assert (summary.exit_status, errors(summary)) == (4, ["EX-AUTH"])


def test_a_job_is_polled_until_it_is_ready_and_no_sooner_than_told(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([clue(1)], polls=3, poll_gap=1)
    assert run(KEY, wire, *DAY, tmp_path, monkeypatch).exit_status == 0
    polls = wire.seen("/export/jobs/*")
    assert {seen.status for seen in polls} == {200, 429}
    answered = [seen.at for seen in polls if seen.status == 200]
    assert all(b - a >= 1 for a, b in pairwise(answered))


def test_a_job_that_never_ends_is_asked_for_later(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = discover()[KEY]
    short = replace(source, options={**source.options, "polls": 4})
    monkeypatch.setattr("tests.extractors.kit_fixtures.discover", lambda: {KEY: short})
    summary = run(KEY, serve([clue(1)], polls=99), *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (3, ["EX-JOB"], [])


def test_the_last_job_that_expires_is_not_counted_as_submitted_again(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([clue(1)], polls=0)
    wire.faults.add("expired_token", "GET *", times=9)
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (errors(summary), summary.notes) == (["EX-JOB"], {"jobs_submitted_again": 2})


def test_an_expired_job_is_submitted_again_three_times_at_most(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([clue(1)], polls=0)
    wire.faults.add("expired_token", "GET *", times=2)
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.notes) == (0, {"jobs_submitted_again": 2})
    wire.faults.add("expired_token", "GET *")
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary)) == (3, ["EX-JOB"])
    assert len(wire.seen("/export/jobs", "POST")) == 6


def test_a_link_that_has_died_makes_a_new_job(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = serve([clue(1)])
    wire.faults.add("status", "/export/files/*", nth=1, status=404)
    assert run(KEY, wire, *DAY, tmp_path, monkeypatch).rows == 1
    assert len(wire.seen("/export/jobs", "POST")) == 2


def test_too_many_rows_halve_the_window(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = serve([clue(n, n * 700) for n in range(120)], polls=0)
    wire.max_rows = 20
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.rows) == (0, 120)
    asked = [json.loads(seen.body) for seen in wire.seen("/export/jobs", "POST")]
    assert (asked[0]["begin"], asked[0]["end"]) == ("2022-11-01 00:00:00", "2022-11-02 00:00:00")
    assert (asked[1]["begin"], asked[1]["end"]) == ("2022-11-01 00:00:00", "2022-11-01 12:00:00")
    assert asked[-1]["end"] == "2022-11-02 00:00:00"


def test_a_second_with_too_many_rows_stops_the_source(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([clue(n, 5) for n in range(6)], polls=0)
    wire.max_rows = 5
    summary = run(KEY, wire, "2022-11-01T00:00:00", "2022-11-01T00:00:16", tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (4, ["EX-TOOMANY"], [])


def test_a_link_to_another_host_gets_no_call(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire, other = serve([clue(1)]), serve([])
    wire.faults.add("next_elsewhere", to=other.url)
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), other.seen()) == (4, ["EX-ORIGIN"], [])


def test_several_workbooks_with_gbk_names_all_land(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wage_arrears, "ROWS_PER_FILE", 4)
    assert "欠薪线索".encode("gbk") in wage_arrears.zipped([clue(1)[2]])
    summary = run(KEY, serve([clue(n) for n in range(10)]), *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.rows) == (0, 10)


@pytest.mark.parametrize("fault", ["lose_rows", "duplicate_rows"])
def test_rows_that_do_not_add_up_to_the_total_land_nothing(
    serve: Serve, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([clue(n) for n in range(5)])
    wire.faults.add(fault)
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (3, ["EX-GAP"], [])


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "formula": (lambda: FORMULA, "DE-ACTIVE"),
    "html": (lambda: b"<html></html>", "DE-KIND"),
    "bomb": (lambda: adding(("xl/a.xml", bytes(30_000_000))), "DE-BOMB"),
    "headings": (lambda: plain_workbook(["clue", "other"], [{"clue": "1"}]), "DE-HEAD"),
}


@pytest.mark.parametrize(("make_bad", "code"), BAD.values(), ids=BAD.keys())
def test_a_bad_workbook_is_refused_and_its_sibling_lands_as_partial(
    serve: Serve, make_bad: Callable[[], bytes], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_zip(monkeypatch, zip_of(a__xlsx=make_bad(), b__xlsx=sheet(2), c__txt=b"note"))
    summary = run(KEY, serve([clue(1), clue(2)]), *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), summary.rows) == (4, [code], 1)
    assert summary.entities[ENTITY].partial
    assert leaks(tmp_path, KEY, summary) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (zip_of(inner__zip=zip_of(a__xlsx=b"x")), "DE-BOMB"),
        (zip_of(**{f"{n}__xlsx": b"" for n in range(300)}), "DE-BOMB"),
        (b"PK\x03\x04nonsense", "DE-KIND"),
        (b"no zip", "DE-KIND"),
    ],
    ids=["nested", "entries", "damaged", "no zip"],
)
def test_a_bad_zip_is_refused_whole(
    serve: Serve, content: bytes, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_zip(monkeypatch, content)
    summary = run(KEY, serve([clue(1)]), *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), summary.rows) == (4, [code], 0)


def test_names_that_lead_out_of_the_folder_are_only_names(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_zip(monkeypatch, zip_of(**{"../../../../tmp/slip__xlsx": sheet(1)}))
    assert run(KEY, serve([clue(1)]), *DAY, tmp_path, monkeypatch).rows == 1
    assert not Path("/tmp/slip.xlsx").exists()


def test_a_new_column_is_dropped_and_reported(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = serve([clue(1)])
    wire.faults.add("add_field", field="brand_new", value="CANARY-new")
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, [f["field"] for f in summary.findings if "rows" in f]) == (0, ["brand_new"])
    assert leaks(tmp_path, KEY, summary) == []


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "status", "status": 503}, 3, "EX-BUSY"),
        ({"kind": "status", "status": 403}, 4, "EX-DENIED"),
        ({"kind": "rate_limit", "retry_after": "ten_days"}, 3, "EX-LIMIT"),
        ({"kind": "replace"}, 4, "EX-SHAPE"),
        ({"kind": "truncate", "at": 5}, 3, "EX-TRUNC"),
        ({"kind": "drop"}, 3, "EX-NET"),
        ({"kind": "replace", "body": "[]", "content_type": "application/json"}, 4, "EX-SHAPE"),
        ({"kind": "replace", "body": '{"state": "READY"}', "content_type": "application/json"}, 4, "EX-SHAPE"),
        (
            {"kind": "replace", "body": '{"state": "FAILED", "reason": "x"}', "content_type": "application/json"},
            3,
            "EX-JOB",
        ),
        ({"kind": "status", "status": 404}, 3, "EX-JOB"),
    ],
)
def test_what_a_poll_may_meet(
    serve: Serve, fault: Row, status: int, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([clue(1)])
    options = dict(fault)
    wire.faults.add(options.pop("kind"), "GET *", **options)
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (status, [code], [])
