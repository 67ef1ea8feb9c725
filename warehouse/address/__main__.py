"""Print what an address says: its elements with their places, the keys, and what is left open.

python -m warehouse.address "白云区鹤龙街黄边村东坊3巷12号之二501房" [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from warehouse.address import parse
from warehouse.address.elements import KINDS, Address

KEYS = {
    "key": "房屋键 key", "building_key": "楼栋键 building key", "door_key": "门牌键 door key", "block": "检索块 block",
    "village_key": "村块 village key",
}  # fmt: skip


def main() -> int:
    """Parse the addresses given."""
    parser = argparse.ArgumentParser(prog="python -m warehouse.address", description=__doc__)
    parser.add_argument("text", nargs="+", help="an address")
    parser.add_argument("--json", action="store_true", help="one JSON object per address")
    call = parser.parse_args()
    for address in map(parse, call.text):
        if call.json:
            sys.stdout.write(json.dumps(as_dict(address), ensure_ascii=False) + "\n")
        else:
            show(address, Console())
    return 0


def as_dict(address: Address) -> dict[str, Any]:
    """JSON-ready."""
    elements = [
        {"kind": e.kind, "zh": KINDS[e.kind].zh, "code": KINDS[e.kind].code, "start": e.start, "end": e.end,
         "text": e.text, "value": e.value}
        for e in address.elements
    ]  # fmt: skip
    keys = {name: getattr(address, name) for name in KEYS}
    doubts = [ambiguity._asdict() for ambiguity in address.ambiguities]
    return {"raw": address.raw, "elements": elements, **keys, "ambiguities": doubts}


def show(address: Address, console: Console) -> None:
    """The same for people."""
    table = Table("要素", "element", "GA/T 2000", "位置", "原文", "值", title=address.raw, title_justify="left")
    for e in address.elements:
        kind = KINDS[e.kind]
        table.add_row(kind.zh, kind.en, kind.code or "–", f"{e.start}–{e.end}", e.text, e.value)
    console.print(table)
    for name, title in KEYS.items():
        console.print(f"{title}: {getattr(address, name) or '–'}", highlight=False, markup=False)
    for a in address.ambiguities:
        words = address.raw[a.start : a.end]
        console.print(f"待判 ambiguous {a.start}–{a.end} {words}: {a.zh}（{a.en}）", highlight=False, markup=False)


if __name__ == "__main__":
    raise SystemExit(main())
