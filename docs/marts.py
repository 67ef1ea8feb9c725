"""The data dictionary of the marts: columns, grain, owner, where each mart comes from, example queries.

Made from `expectations/marts.yml`, the SQL of `warehouse/4_marts` and the lineage; `docs/generate.py` keeps
docs/marts.md in step.
Alone: python -m docs.marts
"""

from __future__ import annotations

import sys
from pathlib import Path

from expectations.marts import Mart, Marts, load_marts
from expectations.model import ZONES, Text
from warehouse.lineage import Column, read_lineage
from warehouse.lineage.told import tell

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "marts.md"
SQL = ROOT / "warehouse" / "4_marts"
_CLASSES = {
    "people": Text("人数列，按规则保护后公布", "counts of people, released under disclosure control"),
    "services": Text("服务量列，仅全街道、10 以下不公布", "counts of services, the whole street only, none below 10"),
    "work": Text(
        "办件列，全街道逐件公布、细分受保护", "counts of the office's work, exact for the street, protected below"
    ),
}


def dictionary() -> str:
    """Every mart by consistency group, Chinese first."""
    declared = load_marts()
    parts = [_index(declared)]
    for group, title in declared.groups.items():
        parts.append(f"## {title.zh} / {title.en} (`{group}`)")
        parts += [_mart(mart, declared) for mart in declared.marts.values() if mart.group == group]
    return "\n\n".join(parts)


def _index(declared: Marts) -> str:
    rows = ["| 集市 | 回答什么 | question | 粒度 / grain |", "|---|---|---|---|"]
    rows += [f"| [`{m.name}`](#{m.name}) | {m.title.zh} | {m.title.en} | {', '.join(m.grain)} |"
             for m in declared.marts.values()]  # fmt: skip
    return "\n".join(rows)


def _mart(mart: Mart, declared: Marts) -> str:
    zone = f"{mart.zone} ({ZONES[mart.zone]})" if mart.zone else "—"
    facts = [
        f'<a id="{mart.name}"></a>', "", f"### `{mart.name}` {mart.title.zh} / {mart.title.en}", "",
        f"- 粒度 / grain: {', '.join(f'`{c}`' for c in mart.grain)}",
        f"- 责任单位 / owner: {mart.owner.zh} / {mart.owner.en}; 数据区 / zone: {zone}",
        f"- 来源 / from: {header(mart.name, 'From')}",
        f"- 口径 / rule: {mart.rule.zh} {mart.rule.en}",
        f"- 来路 / lineage: {lineage_line(mart)}",
    ]  # fmt: skip
    for kind, title in _CLASSES.items():
        if columns := getattr(mart, kind):
            facts.append(f"- {title.zh} / {title.en}: {_names(columns)}")
    if mart.amounts:
        facts.append(
            "- 金额列，三件及以上才公布，细分更严 / sums of money, over three cases or more, finer cuts more strictly: "
            + _names((*mart.amounts,))
        )
    if mart.counts:
        facts.append(
            "- 公布时的末列 / last column as published: `margin` 该行各数与真值最多相差多少，0 为准确 / "
            "no figure of the row lies further from the truth; 0 is exact, null is left empty and never 0"
        )
    if mart.hierarchy:
        facts.append(f"- 层级 / hierarchy: {' < '.join((*mart.hierarchy, '街道 / street'))}")
    return "\n".join([*facts, "", *_columns(mart, declared), *_examples(mart)])


def lineage_line(mart: Mart) -> str:
    """Systems and records whose fields are in the figures, and the relations on the way, as the SQL says."""
    lineage = read_lineage()
    told = [tell(lineage, Column(f"marts.{mart.name}", column)) for column in mart.columns]
    systems: dict[str, dict[str, None]] = {}
    for field in (f for t in told for f in t.fields):
        systems.setdefault(f"{field.system.zh}（{field.zone}）", {})[field.entity.zh] = None
    begin = [f"{system}：{'、'.join(records)}" for system, records in sorted(systems.items())]
    begin += sorted({title.zh for t in told for _, title in t.origins})
    through = {r for t in told for r in t.through}
    order = ("claims.", "register.", "prepared.", "marts.")
    steps = [", ".join(f"`{r}`" for r in sorted(through) if r.startswith(schema)) for schema in order]
    return " → ".join(filter(None, ["；".join(begin), *steps]))


def _columns(mart: Mart, declared: Marts) -> list[str]:
    roles = dict.fromkeys(mart.grain, "键 / key") | dict.fromkeys(mart.measures, "可加 / additive")
    rows = ["| 列 | 名称 | title | 作用 | 空值 |", "|---|---|---|---|---|"]
    for column in mart.columns:
        title, empty = declared.titles[column], "可空" if column in mart.may_be_empty else ""
        rows.append(f"| `{column}` | {title.zh} | {title.en} | {roles.get(column, '说明 / attribute')} | {empty} |")
    return rows


def _examples(mart: Mart) -> list[str]:
    lines = []
    for example in mart.examples:
        lines += ["", f"{example.question.zh} {example.question.en}", "", "```sql", example.sql, "```"]
    return lines


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f"`{c}`" for c in columns)


def header(mart: str, word: str) -> str:
    """One entry of the three-line header of a mart's SQL, over as many comment lines as it takes."""
    found: list[str] = []
    for line in (SQL / f"{mart}.sql").read_text("utf8").splitlines():
        if not line.startswith("-- "):
            break
        text = line.removeprefix("-- ")
        if text.startswith(f"{word}: "):
            found = [text.removeprefix(f"{word}: ")]
        elif found and not text.startswith(("Grain: ", "From: ", "Rule: ")):
            found.append(text)
        elif found:
            break
    return " ".join(found).partition("   To: ")[0]


def main() -> int:
    """Print the dictionary."""
    sys.stdout.write(dictionary() + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
