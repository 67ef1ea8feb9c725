"""Files of a drop folder are due because nobody has taken them, whatever their name or their time says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from expectations.contract import load_contract
from expectations.windows import Closing, open_files
from simulator.wires._drop import put
from simulator.wires.drug_rehab_service import DrugRehabService
from simulator.wires.drug_rehab_service import make as monthly
from simulator.wires.insurance_enrolment import InsuranceEnrolment
from simulator.wires.insurance_enrolment import make as daily
from tests.extractors import test_drug_rehab_service as months
from tests.extractors import test_insurance_enrolment as days
from tests.extractors.drop_fixtures import empty_store
from tests.extractors.kit_fixtures import errors, landed, manifests, run

KEY, ENTITY = days.KEY, days.ENTITY


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[InsuranceEnrolment]:
    with daily(empty_store(tmp_path)) as folder:
        yield folder


@pytest.fixture
def sheets(tmp_path: Path) -> Iterator[DrugRehabService]:
    with monthly(empty_store(tmp_path)) as folder:
        yield folder


class Nights:
    """Nights of one source, one after the other."""

    def __init__(self, key: str, wire: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.key, self.wire, self.tmp_path, self.monkeypatch = key, wire, tmp_path, monkeypatch

    def __call__(self, day: int) -> tuple[int, list[str], dict[str, int]]:
        """Rows that landed, codes and notes of the night."""
        begin, end = f"2022-12-{day:02d}", f"2022-12-{day + 1:02d}"
        summary = run(self.key, self.wire, begin, end, self.tmp_path, self.monkeypatch)  # type: ignore[arg-type]
        return summary.rows, errors(summary), summary.notes


def name(day: int, seq: int = 1) -> str:
    return f"QMCB_440111017_202212{day:02d}_{seq:03d}.txt"


def test_a_marker_that_comes_late_is_a_file_of_the_next_night(
    wire: InsuranceEnrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Nights(KEY, wire, tmp_path, monkeypatch)
    wire.add(name(3), [days.line()], days.MOMENT, ok=False)
    assert night(3) == (0, [], {"not_there_yet": 1})
    [waiting] = open_files(load_contract(KEY), tmp_path / "landing")
    assert (waiting.about, waiting.code) == ("20221203_001", "")
    assert night(4) == (0, [], {"not_there_yet": 1})
    put(wire.drop, name(3).replace(".txt", ".ok"), b"", days.MOMENT)
    assert night(5)[0] == 1
    assert night(6)[0] == 0, "and never twice"
    assert open_files(load_contract(KEY), tmp_path / "landing") == []


def test_a_refused_file_is_red_once_named_until_it_is_sent_again_and_then_read(
    wire: InsuranceEnrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night, contract = Nights(KEY, wire, tmp_path, monkeypatch), load_contract(KEY)
    wire.add(name(3), [days.line()], days.MOMENT, control="1\n10\nabc\n")
    wire.add(name(3, 2), [days.line()], days.MOMENT)
    assert night(3)[:2] == (1, ["DE-SIGN"])
    assert night(3)[:2] == (1, ["DE-SIGN"]), "the same night again says the same"
    assert night(4) == (0, [], {"refused_before": 1})
    [refused] = open_files(contract, tmp_path / "landing")
    assert (refused.code, refused.about) == ("DE-SIGN", "20221203_001")
    assert open_files(contract, tmp_path / "landing", [Closing(file=refused.file)]) == []
    wire.add(name(3), [days.line()], days.MOMENT)  # the text as it was; the control file is right now
    assert night(5) == (1, [], {})
    assert open_files(contract, tmp_path / "landing") == []
    assert [m.refused for _, m in manifests(tmp_path, KEY)] == [{"DE-SIGN": 1}, {}, {}]


def test_an_upload_that_keeps_its_old_time_is_read_the_night_it_arrives(
    sheets: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Nights(months.KEY, sheets, tmp_path, monkeypatch)
    assert night(5)[0] == 0
    sheets.add("JDFW_202211.csv", [months.line()], "2022-12-02 17:00:00")
    assert [night(day)[0] for day in (6, 7)] == [1, 0]


def test_the_same_content_sent_again_lands_once_and_a_corrected_one_lands(
    sheets: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Nights(months.KEY, sheets, tmp_path, monkeypatch)
    sheets.add("JDFW_202211.csv", [months.line()], "2022-12-05 17:00:00")
    assert night(5)[0] == 1
    sheets.add("JDFW_202211.csv", [months.line()], "2022-12-06 17:00:00")
    assert night(6)[0] == 0
    sheets.add("JDFW_202211.csv", [months.line(service_cnt="13")], "2022-12-06 17:30:00")
    assert night(7)[0] == 1
    found = [row["service_cnt"] for row in landed(tmp_path, months.KEY, months.ENTITY)]
    assert found == ["12", "13"]


def test_the_first_night_leaves_what_is_older_to_a_backfill(
    sheets: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from extractors import Window, discover
    from extractors._kit.connection import Connection
    from extractors._kit.run import run_source

    night = Nights(months.KEY, sheets, tmp_path, monkeypatch)
    sheets.add("JDFW_202209.csv", [months.line(stat_month="202209")], "2022-10-05 17:00:00")
    sheets.add("JDFW_202211.csv", [months.line()], "2022-12-05 17:00:00")
    assert [night(day)[0] for day in (5, 5, 6)] == [1, 1, 0]
    connection = Connection.from_json(months.KEY, json.dumps(sheets.connection()))
    window = Window.parse("2022-10-01", "2022-11-01")
    source = discover()[months.KEY]
    read = [run_source(source, window, tmp_path / "landing", connection, history=True).rows for _ in range(2)]
    assert read == [1, 1]
    assert len(manifests(tmp_path, months.KEY)) == 3, "a window read again lands the same bytes"


def test_a_file_that_holds_a_person_is_not_opened_a_second_time(
    sheets: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Nights(months.KEY, sheets, tmp_path, monkeypatch)
    sheets.add("JDFW_202211.csv", [months.line(), months.line("02", 姓名="张三丰")], "2022-12-05 17:00:00")
    assert night(5)[1] == ["EX-TRIPWIRE"]
    opened = len(sheets.seen("open"))
    assert night(6) == (0, [], {})
    assert len(sheets.seen("open")) == opened
    [refused] = open_files(load_contract(months.KEY), tmp_path / "landing")
    assert (refused.code, refused.about) == ("EX-TRIPWIRE", "")
