"""What the steward is told: verdicts, incidents and the ledger, from tables of a few rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from expectations.errors import CallRejected
from tests.report.tables import NIGHT, before, load, report_of, result, row, run, source_of, warehouse
from warehouse.report import build_report
from warehouse.report.ledger import lines_ever, lines_tonight, summed
from warehouse.report.model import VERDICTS


def test_a_source_without_a_run_of_the_night_is_not_judged_and_not_passed(tmp_path: Path) -> None:
    report = report_of(tmp_path, runs=[run(before(1)), run(source="other")])
    assert (source_of(report).verdict, source_of(report).blocked) == ("none", True)
    assert source_of(report, "other").verdict == "pass"


def test_every_source_with_a_contract_is_on_the_page_although_it_never_ran(tmp_path: Path) -> None:
    report = report_of(tmp_path, runs=[run()])
    assert len(report.sources) == 1 + len(report.names.sources)
    assert {s.verdict for s in report.sources if s.key in report.names.sources} == {"none"}


def test_an_unknown_verdict_lets_nothing_through_and_stands_first(tmp_path: Path) -> None:
    report = report_of(tmp_path, runs=[run(verdict="maybe"), run(verdict="held", source="other")])
    assert source_of(report).blocked
    assert {s.key for s in report.sources[:2]} == {"town_hall", "other"}


def test_sources_come_worst_first(tmp_path: Path) -> None:
    runs = [run(verdict=v, source=f"s_{v}") for v in reversed(VERDICTS) if v != "none"]
    found = [s.verdict for s in report_of(tmp_path, runs=runs).sources]
    assert found == sorted(found, key=VERDICTS.index)


def test_an_incident_begins_with_the_first_of_the_present_failing_nights(tmp_path: Path) -> None:
    outcomes = {5: "flagged", 4: "pass", 3: "held", 2: "flagged", 1: "flagged", 0: "flagged"}
    report = report_of(
        tmp_path,
        runs=[run(before(n)) for n in outcomes],
        results=[result(before(n), o) for n, o in outcomes.items()],
    )
    [rule] = source_of(report).incidents
    assert (rule.began, rule.first_failed) == (before(3), before(5))


def test_a_night_that_was_not_asked_neither_ends_nor_begins_an_incident(tmp_path: Path) -> None:
    outcomes = {3: "flagged", 2: "error", 1: "skipped", 0: "flagged"}
    report = report_of(
        tmp_path,
        runs=[run(before(n), "error" if o == "error" else "flagged") for n, o in outcomes.items()],
        results=[result(before(n), o) for n, o in outcomes.items()],
    )
    assert source_of(report).incidents[0].began == before(3)


def test_a_broken_engine_is_one_incident_of_the_source_and_the_figures_before_stay(tmp_path: Path) -> None:
    broken = result(outcome="error", failing=None, total=None, error="CH-ENGINE")
    report = report_of(
        tmp_path,
        runs=[run(before(1), "flagged"), run(verdict="error", code="CH-ENGINE")],
        results=[result(before(1), "flagged"), broken],
    )
    source = source_of(report)
    assert (source.verdict, source.tonight.code, source.figures_of) == ("error", "CH-ENGINE", before(1))
    assert [(r.outcome, r.failing) for r in source.rules] == [("flagged", 2)]


def test_an_incident_stays_open_until_its_last_row_has_left(tmp_path: Path) -> None:
    report = report_of(
        tmp_path,
        runs=[run(before(1), "flagged"), run()],
        results=[result(before(1), "flagged"), result()],
        quarantine=[row(first_seen=before(1)), row("p2", status="resolved", resolved_at=NIGHT, resolution="corrected")],
    )
    [rule] = source_of(report).incidents
    assert (rule.failed, rule.open_rows, rule.began) == (False, 1, before(1))
    assert source_of(report).closed == []


def test_a_closed_incident_says_when_and_how(tmp_path: Path) -> None:
    gone: dict[str, Any] = {"status": "resolved", "resolved_at": NIGHT, "first_seen": before(2)}
    report = report_of(
        tmp_path,
        runs=[run()],
        results=[result()],
        quarantine=[row(**gone, resolution="corrected"), row("p2", **gone, resolution="replaced")],
    )
    [closed] = source_of(report).closed
    assert (closed.night, closed.rows, closed.resolution) == (NIGHT, 1, "corrected")


def test_a_row_with_two_reasons_is_one_row_in_both_lists(tmp_path: Path) -> None:
    report = report_of(
        tmp_path,
        runs=[run(verdict="flagged")],
        results=[result(outcome="flagged"), result(outcome="flagged", rule="is_short")],
        quarantine=[row(), row(rule="is_short")],
    )
    source = source_of(report)
    assert source.open_rows == 1
    assert [[r.reasons for r in rule.rows] for rule in source.rules] == [[2], [2]]


def test_waived_rows_are_counted_apart_and_noted_rows_are_not_kept_out(tmp_path: Path) -> None:
    report = report_of(
        tmp_path,
        runs=[run(verdict="flagged")],
        results=[result(outcome="flagged"), result(outcome="flagged", rule="is_odd", effect="note")],
        quarantine=[row(), row("p2", status="waived"), row("p3", rule="is_odd", effect="note")],
    )
    source = source_of(report)
    assert (source.open_rows, source.waived_rows) == (1, 1)
    assert ([r.rule for r in source.incidents], [r.rule for r in source.notes]) == (["is_there"], ["is_odd"])


def test_rows_that_outlive_their_rule_are_still_shown(tmp_path: Path) -> None:
    report = report_of(tmp_path, runs=[run()], results=[result()], quarantine=[row(rule="is_retired")])
    assert [(r.rule, r.open_rows) for r in source_of(report).incidents] == [("is_retired", 1)]


def test_a_bound_is_told_in_its_own_words(tmp_path: Path) -> None:
    late = result(outcome="flagged", rule="changes_are_recent", check="fresh", column=None, failing=9, total=2)
    few = result(outcome="held", rule="rows_are_as_usual", check="rows", column=None, failing=5, total=80)
    path = warehouse(tmp_path, runs=[run(verdict="held")], results=[late, few])
    site = Path(build_report(path, tmp_path / "site").page).parent
    today = (site / "zh" / "index.html").read_text("utf8")
    assert "已 9 天，限 2 天" in today
    assert today.count("来了 5，平常 80") == 2
    assert "没有逐行的记录" in (site / "zh" / "source-town_hall.html").read_text("utf8")


def test_a_past_night_is_drawn_as_it_was(tmp_path: Path) -> None:
    report = report_of(
        tmp_path,
        night=before(1),
        runs=[run(before(1), "flagged"), run()],
        results=[result(before(1), "flagged"), result()],
        quarantine=[row(first_seen=before(1), status="resolved", resolved_at=NIGHT, resolution="corrected")],
    )
    [rule] = source_of(report).incidents
    assert (source_of(report).verdict, rule.outcome, rule.rows[0].status) == ("flagged", "flagged", "open")


def test_the_ledger_explains_every_row(tmp_path: Path) -> None:
    counts: dict[str, Any] = {"source_total": 13, "dropped": {"is_left_out": 2}, "rejected": {"DE-ROW": 1}}
    report = report_of(tmp_path, runs=[run()], loads=[load(**counts)])
    line = next(line for line in lines_tonight(report) if line.loads)
    assert (line.balanced, line.short, line.dropped["is_left_out"], line.rejected["DE-ROW"]) == (True, 0, 2, 1)


@pytest.mark.parametrize(
    ("loads", "runs", "off"),
    [
        ({"source_total": 11}, {}, 1),
        ({"source_total": 9}, {}, 1),
        ({"known": 3}, {}, 3),
        ({}, {"accepted": 8}, 2),
    ],
)
def test_one_row_unexplained_is_out_of_balance(
    tmp_path: Path, loads: dict[str, Any], runs: dict[str, Any], off: int
) -> None:
    lines = lines_tonight(report_of(tmp_path, runs=[run(**runs)], loads=[load(**loads)]))
    assert [line.off for line in lines if line.loads] == [off]
    assert not summed(lines).balanced


def test_a_partial_load_tells_what_it_lacks(tmp_path: Path) -> None:
    lines = lines_tonight(report_of(tmp_path, runs=[run()], loads=[load(source_total=15, partial=True)]))
    assert [(line.balanced, line.short_is_told) for line in lines if line.loads] == [(True, True)]


def test_what_is_staged_and_not_judged_is_told(tmp_path: Path) -> None:
    report = report_of(tmp_path, runs=[run(verdict="error")], loads=[load()])
    assert [line.waiting for line in lines_tonight(report) if line.loads] == [10]
    assert [line.waiting for line in lines_ever(report) if line.loads] == [10]


def test_a_warehouse_without_a_verdict_is_a_bad_call(tmp_path: Path) -> None:
    for path in (warehouse(tmp_path), tmp_path / "no.duckdb"):
        with pytest.raises(CallRejected, match="SC-CALL"):
            build_report(path, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_night_that_is_no_date_is_a_bad_call(tmp_path: Path) -> None:
    with pytest.raises(CallRejected, match="SC-CALL"):
        build_report(warehouse(tmp_path, runs=[run()]), tmp_path / "site", "last night")
