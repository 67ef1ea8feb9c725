"""A year of made-up verdicts in the runner's own tables (`quality.*`, `ledger.load`), without any source.

For the report's own tests and for the bench. Alone: python -m tests.report.synthetic FILE [NIGHTS]
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from expectations.contract import Contract, Entity
from expectations.sql import statement as quality_statement
from warehouse.engine.sql import statement
from warehouse.report.names import read_names

Row = dict[str, Any]
LAST = date(2022, 11, 22)
KINDS = (  # rule, check, severity, effect, zh, en, hint
    ("is_present", "not_null", "critical", "quarantine", "必填项不得为空", "a required field is there", "请补填后保存"),
    (
        "is_in_code_list",
        "in_set",
        "warning",
        "quarantine",
        "代码须在代码表内",
        "the code is in its list",
        "请按代码表重选",
    ),
    (
        "is_typed",
        "typed",
        "warning",
        "quarantine",
        "日期或数字须能识别",
        "the date or number can be read",
        "请按格式填写",
    ),
    ("is_not_in_future", "range", "warning", "note", "时间不得晚于当夜", "the time is not in the future", "请核对时间"),
)
TOLERANCE = 0.05


@dataclass
class Tables:
    """Rows of the five tables, as dictionaries of columns."""

    runs: list[Row] = field(default_factory=list)
    entities: list[Row] = field(default_factory=list)
    results: list[Row] = field(default_factory=list)
    quarantine: list[Row] = field(default_factory=list)
    loads: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Check:
    """One made-up rule and how often it fails."""

    entity: str
    rule: str
    check: str
    column: str
    severity: str
    effect: str
    zh: str
    en: str
    hint: str
    rate: float


def write_year(path: Path, nights: int = 365, seed: int = 7, last: date = LAST) -> Path:
    """A warehouse file with the contracts' sources, about 20 rules each, and `nights` nights of verdicts."""
    chance = random.Random(seed)
    tables = Tables()
    contracts = [c for c in read_names().sources.values() if c]
    for number, contract in enumerate(contracts):
        _source(tables, contract, number, nights, last, chance)
    write_tables(path, tables)
    return path


def write_tables(path: Path, tables: Tables) -> None:
    """Make the file and fill its tables."""
    connection = duckdb.connect(str(path))
    try:
        connection.execute(statement("_schema"))
        connection.execute(quality_statement("_schema"))
        for name, rows in (("quality.run", tables.runs), ("quality.entity", tables.entities),
                           ("quality.result", tables.results), ("quality.quarantine", tables.quarantine),
                           ("ledger.load", tables.loads)):  # fmt: skip
            _insert(connection, name, rows)
    finally:
        connection.close()


def _insert(connection: duckdb.DuckDBPyConnection, name: str, rows: list[Row]) -> None:
    """Columns by name; one that a row does not give is NULL or its default."""
    if not rows:
        return
    columns = list(rows[0])
    values = [
        pa.array([list(r[c].items()) for r in rows], pa.map_(pa.string(), pa.int64()))
        if isinstance(rows[0][c], dict)
        else pa.array([r[c] for r in rows])
        for c in columns
    ]
    listed = ", ".join(f'"{c}"' for c in columns)
    connection.register("incoming", pa.table(values, columns))
    connection.execute(f"insert into {name} ({listed}) select * from incoming")
    connection.unregister("incoming")


def checks_of(contract: Contract, chance: random.Random) -> list[Check]:
    """About twenty rules over the contract's own columns; most of them hold nearly always."""
    found = [c for entity in contract.entities.values() for c in _entity_checks(entity, chance)]
    chance.shuffle(found)
    return found[:20]


def _entity_checks(entity: Entity, chance: random.Random) -> Iterator[Check]:
    wanted = {"is_present": ("text", "code"), "is_in_code_list": ("code",), "is_typed": ("date", "datetime", "decimal"),
              "is_not_in_future": ("datetime",)}  # fmt: skip
    for column in entity.landed()[:14]:
        title = column.title.zh.split("（")[0]
        for rule, check, severity, effect, zh, en, hint in KINDS:
            if column.type in wanted[rule] and (rule != "is_present" or column.required):
                rate = chance.choice((0.0, 0.0, 0.0, 0.0, 0.05, 0.3)) * (0.05 if severity == "critical" else 1)
                title_en = f"{column.title.en.split('(')[0].strip()}: {en}"
                yield Check(entity.name, f"{column.name}_{rule}", check, column.name, severity, effect,
                            f"{title}：{zh}", title_en, hint, rate)  # fmt: skip


def _source(tables: Tables, contract: Contract, number: int, nights: int, last: date, chance: random.Random) -> None:
    checks, place = checks_of(contract, chance), number % 12
    size, judged = chance.choice((40, 200, 900, 3000)), 0
    for age in reversed(range(nights)):
        night = last - timedelta(days=age)
        if chance.random() < 0.01 or (age == 0 and place == 3):
            continue  # a night without extraction
        new = max(1, int(chance.gauss(size, size / 5)))
        _load(tables, contract, night, new, chance)
        forced = {0: "held", 5: "error"}.get(place, "") if age == 0 else ""
        judged = _run(tables, contract, checks, night, new, judged, forced, chance)
    _quarantine(tables, contract, checks, last, chance)


def _load(tables: Tables, contract: Contract, night: date, new: int, chance: random.Random) -> None:
    """The whole night in the first entity: the report sums entities anyway."""
    begin, entity = datetime.combine(night, datetime.min.time()), next(iter(contract.entities.values()))
    known, rejected = chance.randint(0, 40), int(chance.random() < 0.05)
    dropped = {rule.name: chance.randint(0, 5) for rule in entity.drops}
    landed = new + known
    tables.loads.append({
        "load_id": f"{contract.source}-{night:%Y%m%d}", "source": contract.source, "entity": entity.name,
        "file": "part.parquet", "window_begin": begin, "window_end": begin + timedelta(days=1),
        "contract_version": contract.version, "token_key": "k1",
        "source_total": landed + sum(dropped.values()) + rejected, "landed": landed, "dropped": dropped,
        "rejected": {"DE-ROW": rejected}, "new": new, "known": known, "deletes": 0, "untyped": 0, "closed": 0,
        "returned": 0, "snapshot": entity.delivery == "snapshot", "partial": False, "floor_held": False,
        "loaded_at": begin + timedelta(hours=26), "duration": 1.5,
    })  # fmt: skip


def _run(tables: Tables, contract: Contract, checks: list[Check], night: date, new: int, judged: int, forced: str,
         chance: random.Random) -> int:  # fmt: skip
    """One night of results; the number of versions judged after it."""
    run_id, entity = f"{contract.source}:{night}", next(iter(contract.entities.values()))
    started = datetime.combine(night, datetime.min.time()) + timedelta(hours=26, minutes=chance.randint(0, 50))
    bad, verdict = 0, "error" if forced == "error" else "pass"
    for place, check in enumerate(checks):
        failing = chance.randint(1, max(1, min(30, new // 10))) if chance.random() < check.rate else 0
        if forced == "held" and place == _first_critical(checks):
            failing = max(1, new // 3)
        share = failing / new > TOLERANCE
        outcome = forced if forced == "error" else "held" if check.severity == "critical" and share else "flagged"
        outcome = outcome if failing or forced == "error" else "pass"
        if verdict == "pass" or (outcome == "held" and verdict == "flagged"):
            verdict = outcome
        tables.results.append(_result(contract, check, run_id, night, outcome, failing, new))
        bad = min(new, bad + failing) if check.effect == "quarantine" else bad
    figures = dict.fromkeys(("rows_new", "accepted", "quarantined", "withdrawn"), 0)
    if forced != "error":
        gone = min(new - bad, chance.randint(0, 3))
        figures = {"rows_new": new, "accepted": new - bad - gone, "quarantined": bad, "withdrawn": gone}
    current = {"rows_current": (judged + new) // 2, "quarantined_current": bad, "noted_current": 0}
    tables.runs.append({
        "run_id": run_id, "run_no": len(tables.runs) + 1, "source": contract.source, "night": night,
        "judged_as_of": night, "contract_version": contract.version, "suite_hash": "5f3a" * 16, "attempts": 1,
        "started_at": started, "ended_at": started + timedelta(seconds=40), "seconds": 40.0, "verdict": verdict,
        "code": "CH-ENGINE" if forced == "error" else None, "detail": "MemoryError" if forced == "error" else None,
        **figures, **current,
    })  # fmt: skip
    if forced != "error":
        tables.entities.append({
            "run_id": run_id, "source": contract.source, "night": night, "entity": entity.name,
            "title_zh": entity.title.zh, "title_en": entity.title.en, "staged": judged + new, "known": judged,
            **figures, **current,
        })  # fmt: skip
    return judged + figures["rows_new"]


def _result(contract: Contract, check: Check, run_id: str, night: date, outcome: str, failing: int, new: int) -> Row:
    broken = outcome == "error"
    return {
        "run_id": run_id, "source": contract.source, "night": night, "entity": check.entity, "rule": check.rule,
        "check": check.check, "column": check.column, "severity": check.severity, "effect": check.effect,
        "title_zh": check.zh, "title_en": check.en, "owner_zh": contract.owner.zh, "owner_en": contract.owner.en,
        "hint_zh": f"{check.hint}；{contract.fix_hint.zh}", "hint_en": contract.fix_hint.en,
        "failing": None if broken else failing, "waived": 0, "total": None if broken else new * 3,
        "failing_new": None if broken else failing, "total_new": None if broken else new,
        "tolerance": TOLERANCE if check.severity == "critical" else 0.0, "outcome": outcome,
        "error": "CH-ENGINE" if broken else None,
    }  # fmt: skip


def _first_critical(checks: list[Check]) -> int:
    return next((i for i, c in enumerate(checks) if c.severity == "critical"), 0)


def _quarantine(tables: Tables, contract: Contract, checks: list[Check], last: date, chance: random.Random) -> None:
    """The rows of every failing night; most are corrected within a week, some fail two rules."""
    by_rule = {(c.entity, c.rule): c for c in checks}
    for result in [r for r in tables.results if r["source"] == contract.source]:
        check, night = by_rule[result["entity"], result["rule"]], result["night"]
        for number in range(result["failing"] or 0):
            healed = night + timedelta(days=1 + int(chance.expovariate(1 / 6)))
            done, record = healed <= last, f"{contract.source[:2].upper()}{night:%y%m%d}{number:04d}"
            tables.quarantine.append({
                "source": contract.source, "entity": check.entity, "source_record_id": record,
                "content_hash": f"h{record}", "rule": check.rule, "column": check.column,
                "masked_value": chance.choice(("999999********999A", "汉**", "汉A*****", None, "2099-11-31", "99")),
                "owner_zh": contract.owner.zh, "owner_en": contract.owner.en, "severity": check.severity,
                "effect": check.effect, "first_seen": night, "last_seen": min(healed, last),
                "times": min(healed, last).toordinal() - night.toordinal() + 1,
                "status": "resolved" if done else "waived" if chance.random() < 0.05 else "open",
                "resolved_at": healed if done else None,
                "resolution": chance.choice(("corrected", "corrected", "withdrawn")) if done else None,
                "opened_run": 1, "last_run": 1,
            })  # fmt: skip


if __name__ == "__main__":
    write_year(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 365)
