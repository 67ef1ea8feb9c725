"""A year of made-up verdicts: the tables `quality.*` and `ledger.load` as the report reads them, without any source.

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
from warehouse.engine.sql import statement
from warehouse.report.names import CROSS, read_names

LAST = date(2022, 11, 22)
TABLES = Path(__file__).with_name("synthetic.sql")
KINDS = (  # rule, check, severity, zh, en, hint
    ("is_present", "not_null", "critical", "必填项不得为空", "a required field is there", "请补填后保存"),
    ("is_in_code_list", "in_set", "warning", "代码须在代码表内", "the code is in its list", "请按代码表重新选择"),
    ("is_typed", "typed", "warning", "日期或数字须能识别", "the date or number can be read", "请按规定格式填写"),
    ("is_not_in_future", "range", "warning", "时间不得晚于当夜", "the time is not in the future", "请核对时间"),
)
CROSSINGS = (
    ("employer_is_known", "用工单位应能在人社系统中找到", "the employer is known to social security"),
    ("grid_code_agrees", "网格编码两系统应一致", "both systems use the same grid code"),
    ("community_is_known", "社区编码应在网格表内", "the community is in the grid table"),
)


@dataclass
class Tables:
    """Rows of the four tables, as dictionaries of columns."""

    runs: list[tuple[Any, ...]] = field(default_factory=list)
    results: list[tuple[Any, ...]] = field(default_factory=list)
    quarantine: list[tuple[Any, ...]] = field(default_factory=list)
    loads: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass(frozen=True)
class Check:
    """One made-up rule and how often it fails."""

    entity: str
    rule: str
    check: str
    column: str
    severity: str
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
    _cross(tables, nights, last, chance)
    write_tables(path, tables)
    return path


def write_tables(path: Path, tables: Tables) -> None:
    """Make the file and fill its tables."""
    connection = duckdb.connect(str(path))
    try:
        connection.execute(statement("_schema"))
        connection.execute(TABLES.read_text("utf8"))
        for name, rows in (("quality.run", tables.runs), ("quality.result", tables.results),
                           ("quality.quarantine", tables.quarantine), ("ledger.load", tables.loads)):  # fmt: skip
            _insert(connection, name, rows)
    finally:
        connection.close()


def _insert(connection: duckdb.DuckDBPyConnection, name: str, rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        return
    described = connection.execute(f"select * from {name} limit 0").description or []
    maps = [str(kind).startswith("MAP") for _, kind, *_ in described]
    columns = [
        pa.array([list(v.items()) for v in values], pa.map_(pa.string(), pa.int64())) if is_map else pa.array(values)
        for values, is_map in zip(zip(*rows, strict=True), maps, strict=True)
    ]
    connection.register("incoming", pa.table(columns, [d[0] for d in described]))
    connection.execute(f"insert into {name} select * from incoming")
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
        for rule, check, severity, zh, en, hint in KINDS:
            if column.type in wanted[rule] and (rule != "is_present" or column.required):
                rate = chance.choice((0.0, 0.0, 0.0, 0.0, 0.05, 0.3)) * (0.05 if severity == "critical" else 1)
                yield Check(entity.name, f"{column.name}_{rule}", check, column.name, severity, f"{title}：{zh}",
                            f"{column.title.en.split('(')[0].strip()}: {en}", f"{hint}（{title}）", rate)  # fmt: skip


def _source(tables: Tables, contract: Contract, number: int, nights: int, last: date, chance: random.Random) -> None:
    checks, lately = checks_of(contract, chance), number % 12
    size = chance.choice((40, 200, 900, 3000))
    for age in reversed(range(nights)):
        night = last - timedelta(days=age)
        if chance.random() < 0.01 or (age == 0 and lately == 3):
            continue  # a night without extraction
        new = max(1, int(chance.gauss(size, size / 5)))
        _load(tables, contract, night, new, chance)
        forced = {0: "held", 5: "error"}.get(lately) if age == 0 else None
        _run(tables, contract, checks, night, new, forced, last, chance)


def _load(tables: Tables, contract: Contract, night: date, new: int, chance: random.Random) -> None:
    begin, entities = datetime.combine(night, datetime.min.time()), list(contract.entities.values())
    for place, entity in enumerate(entities):
        fresh = new // len(entities) + (new % len(entities) if place == 0 else 0)
        known, rejected = chance.randint(0, 40), int(chance.random() < 0.05)
        dropped = {rule.name: chance.randint(0, 5) for rule in entity.drops}
        landed = fresh + known
        total = landed + sum(dropped.values()) + rejected
        tables.loads.append((
            f"{contract.source}-{entity.name}-{night:%Y%m%d}", contract.source, entity.name, "part.parquet", begin,
            begin + timedelta(days=1), contract.version, "k1", total, landed, dropped, {"DE-ROW": rejected}, fresh,
            known, 0, 0, 0, 0, entity.delivery == "snapshot", False, False, begin + timedelta(hours=26), 1.5,
        ))  # fmt: skip


def _run(tables: Tables, contract: Contract, checks: list[Check], night: date, new: int, forced: str | None,
         last: date, chance: random.Random) -> None:  # fmt: skip
    run_id = f"{contract.source}-{night:%Y%m%d}"
    started = datetime.combine(night, datetime.min.time()) + timedelta(hours=26, minutes=chance.randint(0, 50))
    bad, verdict = 0, "pass"
    for place, check in enumerate(checks):
        failing = chance.randint(1, max(1, min(30, new // 10))) if chance.random() < check.rate else 0
        if forced == "held" and check.severity == "critical" and place == _first_critical(checks):
            failing = 67
        outcome = "error" if forced == "error" and place == 0 else "fail" if failing else "pass"
        if outcome == "fail":
            verdict = "held" if check.severity == "critical" or verdict == "held" else "flagged"
        tables.results.append((
            run_id, contract.source, check.entity, check.rule, check.check, check.column, check.severity, check.zh,
            check.en, contract.owner.zh, contract.owner.en, check.hint, contract.fix_hint.en, failing, new, 0.0,
            outcome, "CH-ENGINE: out of memory" if outcome == "error" else None,
        ))  # fmt: skip
        _quarantine(tables, contract, check, night, failing, last, chance)
        bad = min(new, bad + failing)
    tables.runs.append((run_id, contract.source, night, "5f3a" * 16, started, started + timedelta(seconds=40),
                        "error" if forced == "error" else verdict, new, new - bad, bad, 0))  # fmt: skip


def _first_critical(checks: list[Check]) -> int:
    return next((i for i, c in enumerate(checks) if c.severity == "critical"), 0)


def _quarantine(tables: Tables, contract: Contract, check: Check, night: date, failing: int, last: date,
                chance: random.Random) -> None:  # fmt: skip
    for number in range(failing):
        healed = night + timedelta(days=1 + int(chance.expovariate(1 / 6)))
        done = healed <= last
        status = "resolved" if done else "waived" if chance.random() < 0.05 else "open"
        value = chance.choice(("440197********321X", "张**", "粤A*****", "", "2099-**-**", "9*"))
        record = f"{contract.source[:2].upper()}{night:%y%m%d}{number:04d}"
        # `content_hash` by record: some rows fail two rules and are one row.
        tables.quarantine.append((
            contract.source, check.entity, record, f"h{record}", check.rule, check.column, value, contract.owner.zh,
            check.severity, night, min(healed, last), 1 + chance.randint(0, 4), status, healed if done else None,
            "来源已更正" if done else None,
        ))  # fmt: skip


def _cross(tables: Tables, nights: int, last: date, chance: random.Random) -> None:
    for age in reversed(range(nights)):
        night = last - timedelta(days=age)
        run_id, started = f"cross-{night:%Y%m%d}", datetime.combine(night, datetime.min.time()) + timedelta(hours=27)
        for rule, zh, en in CROSSINGS:
            failing = chance.choice((0, 0, 3, 11))
            tables.results.append((run_id, CROSS, "", rule, "reconcile", "", "warning", zh, en, "街道综合网格指挥中心",
                                   "grid desk of the street", "请两个系统的负责人核对同一对象", "both owners compare", failing,
                                   400, 0.0, "fail" if failing else "pass", None))  # fmt: skip
        tables.runs.append((run_id, CROSS, night, "77aa" * 16, started, started, "flagged", 0, 0, 0, 0))


if __name__ == "__main__":
    write_year(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 365)
