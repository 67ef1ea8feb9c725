"""Rewrite the generated blocks of README.md and docs/ from the sources, contracts and error catalogue.

`make docs` writes, `python -m docs.generate --check` fails when a block is out of date (the drift guard).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from docs.marts import dictionary
from docs.truth import spread, truth
from expectations.contract import ZONES, Contract
from expectations.denied import denied_attributes
from expectations.errors import catalogue
from expectations.model import Claim
from extractors import Source, discover

ROOT = Path(__file__).resolve().parent.parent


def sources_table() -> str:
    """The README's table of sources."""
    rows = ["| no | system | key | zone | records | transport |", "|---|---|---|---|---|---|"]
    for source in sorted(discover().values(), key=lambda s: s.number):
        zone = source.contract().zone
        rows.append(
            f"| {source.number} | {source.title.zh} | [`{source.key}`](extractors/{source.key}/source.yml) "
            f"| {zone} ({ZONES[zone]}) | {', '.join(source.entities)} | {source.transport} |"
        )
    return "\n".join(rows)


def error_table() -> str:
    """Every code of the catalogue in both languages."""
    rows = ["| 代码 | 发生了什么 | 下一步 | what happened | next step | retry |", "|---|---|---|---|---|---|"]
    for code, text in catalogue().items():
        rows.append(f"| `{code}` | {text.zh} | {text.next_zh} | {text.en} | {text.next_en} | {text.retry} |")
    return "\n".join(rows)


def denied_table() -> str:
    """The denied attributes."""
    rows = ["| 属性 | attribute |", "|---|---|"]
    return "\n".join(rows + [f"| {d.zh} | {d.en} |" for d in denied_attributes()])


def fields_table() -> str:
    """What is taken of every source, column by column, and what is left out by name."""
    parts = []
    for source in sorted(discover().values(), key=lambda s: s.number):
        parts.append(_source_fields(source, source.contract()))
    return "\n\n".join(parts)


def _source_fields(source: Source, contract: Contract) -> str:
    lines = [f"### {source.number} {contract.title.zh} (`{source.key}`)", ""]
    lines += [f"责任单位 / owner: {contract.owner.zh} / {contract.owner.en}. 保留 / retention: {contract.retention}."]
    for entity in contract.entities.values():
        lines += ["", f"**{entity.title.zh} / {entity.title.en}** (`{entity.name}`, key {', '.join(entity.key)})", ""]
        lines += ["| field | 名称 | type | edge |", "|---|---|---|---|"]
        lines += [f"| `{c.name}` | {c.title.zh} | {c.type} | {c.edge} |" for c in entity.columns]
        if entity.claims:
            lines += ["", "声明 / claims: " + "; ".join(map(_claimed, entity.claims))]
        if entity.ignore:
            lines += ["", "丢弃 / dropped by name: " + ", ".join(f"`{n}`" for n in entity.ignore)]
    return "\n".join(lines)


def _claimed(claim: Claim) -> str:
    """One claim of an entity: which column speaks of which attribute, and with what trust."""
    said = ", ".join(f"{name} = `{s.column or s.constant}`" for name, s in claim.attributes.items())
    return f"**{claim.entity}** ({claim.trust}): {said}"


BLOCKS: dict[str, tuple[Path, Callable[[], str]]] = {
    "sources": (ROOT / "README.md", sources_table),
    "errors": (ROOT / "docs" / "errors.md", error_table),
    "denied": (ROOT / "docs" / "fields.md", denied_table),
    "fields": (ROOT / "docs" / "fields.md", fields_table),
    "marts": (ROOT / "docs" / "marts.md", dictionary),
    "truth": (ROOT / "docs" / "truth.md", truth),
    "spread": (ROOT / "docs" / "truth.md", spread),
}


def filled(text: str, name: str, body: str) -> str:
    """A document with one block replaced. Raises ValueError when its markers are missing."""
    pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(\n<!-- end: {name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no block {name!r}")
    return pattern.sub(lambda m: m[1] + body + m[2], text)


def main() -> int:
    """Write, or with --check report, what is out of date."""
    check = "--check" in sys.argv
    stale = []
    for name, (path, make) in BLOCKS.items():
        old = path.read_text("utf8")
        new = filled(old, name, make())
        if new != old:
            stale.append(name)
            if not check:
                path.write_text(new, "utf8")
    for name in stale:
        sys.stdout.write(f"{'out of date' if check else 'rewritten'}: {name}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
