"""The closing lines of the demo: the register and the marts against the truth of the town, one line each."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from simulator.audit.audit import Audit
from simulator.audit.compare import Line

THINGS = {
    "persons": "人 persons", "houses": "房 houses", "buildings": "楼栋 buildings", "devices": "设备 devices",
    "vehicles": "车辆 vehicles", "organisations": "单位 organisations", "facilities": "部件 facilities",
    "residents": "居住人口 residents",
}  # fmt: skip
PAIRS = {
    "residence pairs": "人—房 residence pairs", "current residence": "现住 current residence",
    "begin days": "入住日 begin days", "end days": "迁出日 end days", "locations": "物的位置 locations",
    "premises": "单位—房 premises",
}  # fmt: skip


def register_table(found: Audit, built_by: str, built: dict[str, Any]) -> Table:
    """Things, residents, pairs and days: rows, what the systems told, what is true, precision and recall."""
    title = f"人房物底册与真值 / the register and the truth  [dim]({built_by}, {built.get('seconds', 0.0):.0f} s)[/]"
    table = _table(
        title, "表\ntable", "登记\nheld", "来源所告\ntold", "真实\ntrue", "准确率\nprecision", "召回率\nrecall"
    )
    matched = {f"{thing}s": one for thing, one in found.register.matched.items()}
    matched["facilities"] = found.register.matched["facility"]
    for line in found.register.lines:
        counts = [_count(line.warehouse), _count(line.told), _count(line.true)]
        one = matched.get(line.measure)
        scores = [f"{one.precision:.5f}", f"{one.recall:.5f}"] if one else ["", ""]
        table.add_row(THINGS[line.measure], *counts, *scores)
    for name, agreed in found.register.agreed.items():
        counts = [f"{agreed.found:,}", "", f"{agreed.true:,}"]
        table.add_row(PAIRS[name], *counts, f"{agreed.precision:.5f}", f"{agreed.recall:.5f}")
    return table


def marts_table(found: Audit) -> Table:
    """One line per mart: its measures, and how its cells differ from the truth, and why."""
    title = "集市与真值：各格之差 / the marts and the truth: cells that differ, and why"
    causes = ("规则\nrule", "未告\nnot told", "取整\nrounded", "不公布\nwithheld", "无解释\nunexplained")
    table = _table(title, "集市\nmart", "指标\nmeasures", *causes)
    for mart in dict.fromkeys(line.what for line in found.marts):
        lines = [line for line in found.marts if line.what == mart]
        rules = sum(n for line in lines for cause, n in line.causes.items() if cause.startswith("rule"))
        counts = [_sum(lines, cause) for cause in ("not told", "rounding", "withheld")]
        wrong = sum(line.unexplained for line in lines)
        told = f"[red]{wrong:,}[/]" if wrong else "0"
        table.add_row(mart, str(len(lines)), f"{rules:,}", *(f"{n:,}" for n in counts), told)
    return table


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    return table


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _sum(lines: list[Line], cause: str) -> int:
    return sum(line.causes[cause] for line in lines)
