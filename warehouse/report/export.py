"""One CSV per rule with all its rows, safe to open in Excel and WPS: UTF-8 with a mark, RFC 4180, no formulas.

One file serves both languages: the headings say both.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from warehouse.report.model import Report, Row, Rule
from warehouse.report.pages import LISTED
from warehouse.report.read import RuleKey
from warehouse.report.safe import cell, slug

FOLDER = "csv"
HEADINGS = (
    "来源系统 source", "记录类型 entity", "来源记录编号 record", "规则 rule", "规则说明 title", "字段 column",
    "掩码值 masked value", "负责人 owner", "首次发现 first seen", "最近一次 last seen", "次数 times", "状态 status",
    "处置 effect", "原因数 reasons",
)  # fmt: skip


class Exporter:
    """Writes the CSV files of a site and leaves the oldest rows of each rule in the model for its page."""

    def __init__(self, report: Report, site: Path) -> None:
        self.report = report
        self.site = site
        self.files = 0
        self.rows = 0

    def __call__(self, key: RuleKey, rule: Rule | None, rows: Iterator[Row]) -> None:
        """Write one rule; a fan of `stream_rows`."""
        path = self.site / csv_path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = list(islice(rows, LISTED))
        # RFC 4180 wants CRLF; the mark tells Excel that this is UTF-8.
        with path.open("w", encoding="utf-8-sig", newline="", errors="replace") as handle:
            writer = csv.writer(handle, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
            writer.writerow(HEADINGS)
            writer.writerows(self._lines(key, rule, iter(kept)))
            writer.writerows(self._lines(key, rule, rows))
        self.files += 1
        if rule is not None:
            rule.rows, rule.csv = kept, csv_path(key)

    def _lines(self, key: RuleKey, rule: Rule | None, rows: Iterator[Row]) -> Iterator[tuple[str, ...]]:
        names, (source, entity, name) = self.report.names, key
        head = tuple(map(cell, (names.source(source).zh, names.entity(source, entity).zh)))
        title = (cell(name), cell(rule.title.zh if rule else ""))
        columns: dict[str, str] = {}
        for row in rows:
            self.rows += 1
            column = columns.setdefault(row.column, cell(names.column(source, entity, row.column).zh))
            yield (*head, cell(row.record), *title, column, cell(row.value), cell(row.owner),
                   str(row.first_seen or ""), str(row.last_seen or ""), str(row.times), cell(row.status),
                   cell(row.effect), str(row.reasons))  # fmt: skip


def csv_path(key: RuleKey) -> str:
    """Where the CSV of a rule lies below the site."""
    source, entity, rule = key
    name = f"{slug(entity)}.{slug(rule)}" if entity else slug(rule)
    return f"{FOLDER}/{slug(source)}/{name}.csv"
