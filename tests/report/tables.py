"""Hand-made tables of a few rows, for one claim at a time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.report.synthetic import Tables, write_tables
from warehouse.report.model import Report, Source
from warehouse.report.read import open_for_reading, read_report, stream_rows

SOURCE = "town_hall"
ENTITY = "person"
NIGHT = date(2022, 11, 22)


def before(nights: int) -> date:
    return NIGHT - timedelta(days=nights)


def run(night: date = NIGHT, verdict: str = "pass", source: str = SOURCE, **over: Any) -> dict[str, Any]:
    ended = datetime.combine(night, datetime.min.time()) + timedelta(hours=27)
    plain = {
        "run_id": f"{source}:{night}", "run_no": night.toordinal(), "source": source, "night": night,
        "judged_as_of": night, "contract_version": "v1", "suite_hash": "h1", "failed_suite_hash": None, "attempts": 1,
        "started_at": ended, "ended_at": ended, "verdict": verdict, "code": None, "detail": None, "rows_new": 10,
        "accepted": 10, "quarantined": 0, "withdrawn": 0,
    }  # fmt: skip
    return plain | over


def result(night: date = NIGHT, outcome: str = "pass", rule: str = "is_there", **over: Any) -> dict[str, Any]:
    source = over.get("source", SOURCE)
    failing = 0 if outcome in ("pass", "skipped") else 2
    plain = {
        "run_id": f"{source}:{night}", "source": source, "night": night, "entity": ENTITY, "rule": rule,
        "check": "not_null", "column": "name", "severity": "warning", "effect": "quarantine", "title_zh": "须有姓名",
        "title_en": "there is a name", "owner_zh": "登记窗口", "owner_en": "the counter", "hint_zh": "请补填",
        "hint_en": "fill it in", "failing": failing, "waived": 0, "total": 10, "failing_new": None, "total_new": None,
        "tolerance": 0.0, "outcome": outcome, "error": None,
    }  # fmt: skip
    return plain | over


def row(record: str = "p1", rule: str = "is_there", **over: Any) -> dict[str, Any]:
    plain = {
        "source": SOURCE, "entity": ENTITY, "source_record_id": record, "content_hash": f"h-{record}", "rule": rule,
        "column": "name", "masked_value": "汉**", "owner_zh": "登记窗口", "owner_en": "the counter",
        "severity": "warning", "effect": "quarantine", "first_seen": NIGHT, "last_seen": NIGHT, "times": 1,
        "status": "open", "resolved_at": None, "resolution": None, "opened_run": 1, "last_run": 1,
    }  # fmt: skip
    return plain | over


def load(night: date = NIGHT, source: str = SOURCE, **over: Any) -> dict[str, Any]:
    begin = datetime.combine(night, datetime.min.time())
    plain = {
        "load_id": f"{source}-{night}", "source": source, "entity": ENTITY, "file": "f", "window_begin": begin,
        "window_end": begin + timedelta(days=1), "contract_version": "v1", "token_key": "k", "source_total": 10,
        "landed": 10, "dropped": {"is_left_out": 0}, "rejected": {"DE-ROW": 0}, "new": 10, "known": 0, "deletes": 0,
        "untyped": 0, "closed": 0, "returned": 0, "snapshot": False, "partial": False, "floor_held": False,
        "loaded_at": begin + timedelta(hours=26), "duration": 1.0,
    }  # fmt: skip
    return plain | over


def warehouse(folder: Path, **tables: list[dict[str, Any]]) -> Path:
    """A warehouse file with these rows in `runs`, `results`, `quarantine`, `loads`, `entities`."""
    path = folder / "w.duckdb"
    write_tables(path, Tables(**tables))
    return path


def report_of(folder: Path, night: date = NIGHT, **tables: list[dict[str, Any]]) -> Report:
    with open_for_reading(warehouse(folder, **tables)) as connection:
        report = read_report(connection, night)
        stream_rows(connection, report, lambda key, rule, rows: rule.rows.extend(rows) if rule else None)
    return report


def source_of(report: Report, key: str = SOURCE) -> Source:
    return next(s for s in report.sources if s.key == key)
