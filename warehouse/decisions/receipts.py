"""The receipt of an erasure: what was deleted where, how many, when and by whom. Nothing in it is personal.

As JSON in the erasure's row and in a file outside the store, beside a text for the resident. The file holds the
tombstones, so that an erasure outlives even a decision store that was restored from before it (`reapply`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from warehouse.decisions.erasures import ErasureRow

PLACES = {
    "landing": ("采集落地区（行）", "landed rows"),
    "staging": ("入库版本", "staged versions"),
    "acceptance": ("质量判定", "quality labels"),
    "quality": ("质量问题记录", "quality findings"),
    "claims": ("来源陈述", "claims"),
    "register": ("登记库行", "register rows"),
    "vault": ("身份保险库条目", "vault entries"),
    "judgement": ("人工判定", "judgements"),
    "correction": ("更正", "corrections"),
    "quality_waiver": ("质量豁免", "waivers"),
    "copies": ("旧仓库副本（文件）", "older copies of the warehouse (files)"),
}


def make_receipt(row: ErasureRow, counts: Mapping[str, int], stones: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The facts as JSON; counts by place (`landing.<source>__<entity>`, `staging.…`, `vault.id`)."""
    return {
        "erasure_id": row.erasure_id,
        "reason": row.reason,
        "by": row.made_by,
        "at": row.made_at.isoformat(timespec="seconds"),
        "done_at": datetime.now().isoformat(timespec="seconds"),
        "community_code": row.community_code,
        "deleted": dict(sorted((place, count) for place, count in counts.items() if count)),
        "tombstones": [
            {name: stone[name] for name in ("digest", "kind", "source", "entity", "key_id")} for stone in stones
        ],
    }


def add_sweep(first: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """The receipt of an erasure that was applied again to a restored store: what it deleted first stays said."""
    if not later["deleted"]:
        return dict(first)
    again = {"done_at": later["done_at"], "deleted": later["deleted"]}
    return {**first, "tombstones": later["tombstones"], "again": [*first.get("again", []), again]}


def receipt_text(receipt: Mapping[str, Any]) -> str:
    """The same for the resident: Chinese first, English below."""
    zh = [
        f"删除回执 {receipt['erasure_id']}",
        f"办理：{receipt['by']}，{receipt['done_at']}；事由：{receipt['reason']}",
    ]
    en = [f"Receipt of erasure {receipt['erasure_id']}", f"By {receipt['by']}, {receipt['done_at']}"]
    for place, count in receipt["deleted"].items():
        kind, _, rest = place.partition(".")
        words = PLACES.get(kind, (kind, kind))
        beside = f" {rest}" if rest else ""
        zh.append(f"  已删除 {words[0]}{beside}：{count}")
        en.append(f"  deleted: {words[1]}{beside}: {count}")
    zh.append(f"  防止再次采集的墓碑：{len(receipt['tombstones'])}（不可还原的摘要）")
    en.append(f"  tombstones against a new collection: {len(receipt['tombstones'])} (digests that cannot be read back)")
    return "\n".join([*zh, "", *en, ""])


def write_receipt(folder: Path, receipt: Mapping[str, Any]) -> Path:
    """Write `erasure-<id>.json` and `.txt`, durable, for this user alone. Returns the JSON's path."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stem = f"erasure-{receipt['erasure_id']}"
    put_durably(folder / f"{stem}.txt", receipt_text(receipt))
    return put_durably(
        folder / f"{stem}.json", json.dumps(receipt, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    )


def read_receipts(folder: Path) -> list[dict[str, Any]]:
    """All receipts of a folder, oldest first."""
    found = [json.loads(path.read_text("utf8")) for path in sorted(folder.glob("erasure-*.json"))]
    return sorted(found, key=lambda receipt: str(receipt["at"]))


def put_durably(path: Path, text: str) -> Path:
    """Write a text whole and synced, for this user alone; whoever reads sees the old one or the new."""
    temp = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    temp.replace(path)
    return path
