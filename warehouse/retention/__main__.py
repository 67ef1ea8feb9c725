"""python -m warehouse.retention plan | purge | log [--night YYYY-MM-DD] [--by NAME] [--json]

plan: what is past its retention on a night, by entity. purge: take it out and say so. log: what was purged when.
Exit status: 0, 2 bad call, 3 later, 4 something could not be purged. Without paths, REGISTER_HOME (default `var/`)
holds the stores.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from expectations.contract import contracts_folder, load_contract
from expectations.errors import CallRejected, PipelineError, SourceChanged
from expectations.model import Contract
from warehouse.decisions.erase import Stores
from warehouse.decisions.store import decisions_url, home, open_decisions
from warehouse.engine.connection import opened, wait_and_lock
from warehouse.retention.past import refused
from warehouse.retention.purge import plan, purge

COUNTS = (("versions", "版本", "versions"), ("records", "整条记录", "whole records"), ("landed_rows", "落地行", "rows"))


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the report or the error goes to standard output. Returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        told = _run(options)
    except PipelineError as error:
        told = {"error": error.as_dict()}
        status = error.exit_status
    else:
        held = refusal(told) if options.command != "log" else None  # what was so then is no news
        told["error"] = held.as_dict() if held else None
        status = held.exit_status if held else 0
    text = json.dumps(told, ensure_ascii=False, indent=1) if options.json else "\n".join(lines(told))
    sys.stdout.write(text + "\n")
    return status


def open_stores(landing: Path | None = None, warehouse: Path | None = None) -> Stores:
    """The office's stores with every contract; the paths default to those under REGISTER_HOME."""
    file = warehouse or home() / "warehouse.duckdb"
    return Stores(
        open_decisions(decisions_url(file.absolute().parent)), landing or home() / "landing", file,
        file.absolute().parent / "receipts", all_contracts(),
    )  # fmt: skip


def all_contracts() -> tuple[Contract, ...]:
    """The contracts of all zones."""
    files = sorted(contracts_folder().glob("*.yml"))
    return tuple(load_contract(f.stem) for f in files if re.search(r"(?m)^zone: [A-Z]\b", f.read_text("utf8")))


def refusal(told: dict[str, Any]) -> SourceChanged | None:
    """RE-RETAIN naming what could not be purged, or nothing."""
    problems = {f"{s['source']}.{s['entity']}": s["problem"] for s in told.get("shares", []) if s["problem"]}
    return SourceChanged("RE-RETAIN", detail=refused(problems)) if problems else None


def lines(told: dict[str, Any]) -> list[str]:
    """The same for people, Chinese first."""
    made = [_line(share) for share in told.get("shares", [])]
    if "vault" in told:
        made += [f"  保险库条目 vault {kind}: {count}" for kind, count in told["vault"].items()]
    if error := told["error"]:
        made.append(f"{error['code']} {error['zh']} / {error['en']} [{error['detail']}]")
    return made or ["没有超过保存期限的记录 / nothing is past its retention"]


def _line(share: dict[str, Any]) -> str:
    place = f"{share['source']}.{share['entity']}"
    if share["problem"]:
        return f"{place}  未清除 not purged: {share['problem']}"
    counts = "  ".join(f"{zh} {en} {share[key]}" for key, zh, en in COUNTS)
    return f"{place}  {counts}  截止 ended {share['oldest']} … {share['newest']}  保留自 kept from {share['kept_from']}"


def _run(options: argparse.Namespace) -> dict[str, Any]:
    try:
        night = date.fromisoformat(options.night) if options.night else datetime.now(ZoneInfo("Asia/Shanghai")).date()
    except ValueError as error:
        raise CallRejected("SC-CALL", detail="a night is a date, YYYY-MM-DD") from error
    stores = open_stores(options.landing, options.warehouse)
    try:
        if options.command == "log":
            return {"shares": _log(stores)}
        return purge(stores, night, by=options.by) if options.command == "purge" else plan(stores, night)
    finally:
        stores.engine.dispose()


def _log(stores: Stores) -> list[dict[str, Any]]:
    with wait_and_lock(stores.warehouse), opened(stores.warehouse) as connection:
        cursor = connection.execute("select * from ledger.purge order by done_at, source, entity")
        names = [column[0] for column in cursor.description]
        return [{n: v if v is None or isinstance(v, int) else str(v) for n, v in zip(names, row, strict=True)}
                for row in cursor.fetchall()]  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m warehouse.retention", description=__doc__)
    parser.add_argument("command", choices=("plan", "purge", "log"))
    parser.add_argument("--night", help="YYYY-MM-DD; today if not given")
    parser.add_argument("--by", default="retention", help="who purges, for the report")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--landing", type=Path)
    parser.add_argument("--warehouse", type=Path)
    return parser


if __name__ == "__main__":
    sys.exit(main())
