"""python -m warehouse.engine stage --source K | rebuild [--accept-errors] | register [--full] | marts | explain ID |
as-of DAY [--known DAY] | digest

Common: [--landing DIR] [--warehouse FILE]. Prints the report as JSON (explain, as-of: lines, with --json JSON; explain
of a person needs --by, --role and --purpose). Exit status: 0, 2 bad call, 3 later, 4 a person must look. Without paths,
REGISTER_HOME (default `var/`) holds both stores.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from expectations.contract import contracts_folder, load_contract
from expectations.errors import CallRejected, PipelineError
from warehouse.engine.carry import register_again
from warehouse.engine.connection import open_warehouse
from warehouse.engine.digest import digest_schemas
from warehouse.engine.explain import explain, keep_within, log_look, records_of, told
from warehouse.engine.marts import marts_nightly
from warehouse.engine.nightly import register_nightly
from warehouse.engine.past import ask_past, told_past
from warehouse.engine.rebuild import rebuild
from warehouse.engine.staging import stage_source

TOLD = ("claims", "register", "prepared", "marts")
ABOUT_THE_BUILD = ("register.build", "register.decision_seen")  # how the build went, not what came of it


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the report or the error goes to standard output."""
    options = _parser().parse_args(arguments)
    try:
        report, status = _run(options)
    except PipelineError as error:
        report, status = error.as_dict(), error.exit_status
    if "lines" in report:
        sys.stdout.writelines(f"{line}\n" for line in report["lines"])
    else:
        json.dump(report, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    return status


def _run(options: argparse.Namespace) -> tuple[dict[str, Any], int]:
    if options.command == "explain":
        return _explain(options)
    if options.command == "as-of":
        return _as_of(options)
    if options.command == "digest":
        with open_warehouse(options.warehouse) as connection:
            return digest_schemas(connection, TOLD, without=ABOUT_THE_BUILD), 0
    if options.command == "register":
        return register_nightly(options.warehouse, full=options.full, landing=options.landing)
    if options.command == "marts":
        return marts_nightly(options.warehouse, options.night)
    if options.command == "rebuild":
        contracts = [load_contract(s) for s in _landed(options.landing)]
        rebuilt = rebuild(
            options.landing, options.warehouse, contracts, accept_errors=options.accept_errors,
            then=partial(register_again, landing=options.landing),
        )  # fmt: skip
        return rebuilt.as_dict(), rebuilt.exit_status
    if not (contracts_folder() / f"{options.source}.yml").exists():
        raise CallRejected("SC-CALL", detail="--source names no contract")
    report = stage_source(load_contract(options.source), options.landing, options.warehouse)
    return report.as_dict(), report.exit_status


def _explain(options: argparse.Namespace) -> tuple[dict[str, Any], int]:
    """A look at one thing; at a person only once it is on record."""
    if not options.id:
        raise CallRejected("SC-CALL", detail="explain needs an id")
    with open_warehouse(options.warehouse) as connection:
        if records := records_of(connection, options.id):
            who = {"by": options.by, "role": options.role, "purpose": options.purpose}
            keep_within(connection, options.id, **who)
            log_look(records, **who)
        found = explain(connection, options.id)
    return (found if options.json else {"lines": list(told(found))}), 0


def _as_of(options: argparse.Namespace) -> tuple[dict[str, Any], int]:
    if not options.id:
        raise CallRejected("SC-CALL", detail="as-of needs a day")
    found = ask_past(options.warehouse, options.id, options.known, options.out)
    return (found if options.json else {"lines": list(told_past(found))}), 0


def _landed(landing: Path) -> list[str]:
    """The sources with a contract and a folder in the landing zone."""
    keys = sorted(p.stem for p in contracts_folder().glob("*.yml"))
    return [k for k in keys if (landing / k).is_dir()]


def _parser() -> argparse.ArgumentParser:
    home = Path(os.environ.get("REGISTER_HOME", Path(__file__).resolve().parents[2] / "var"))
    parser = argparse.ArgumentParser(prog="python -m warehouse.engine", description=__doc__)
    parser.add_argument("command", choices=("stage", "rebuild", "register", "marts", "explain", "as-of", "digest"))
    parser.add_argument("id", nargs="?", help="explain: P…, H…, B… and 20 characters; as-of: YYYY-MM-DD")
    parser.add_argument("--source")
    parser.add_argument("--full", action="store_true", help="register: recompute every person")
    parser.add_argument("--night", help="marts: YYYY-MM-DD; the last night that was judged if not given")
    parser.add_argument("--known", help="as-of: the last day whose news count, YYYY-MM-DD; all there are if not given")
    parser.add_argument("--out", type=Path, help="as-of: the file to build, beside the warehouse if not given")
    parser.add_argument("--json", action="store_true", help="explain, as-of: JSON instead of lines")
    for word in ("by", "role", "purpose"):
        parser.add_argument(f"--{word}", default="", help="explain: who looks, as what, and why")
    parser.add_argument("--landing", type=Path, default=home / "landing")
    parser.add_argument("--warehouse", type=Path, default=home / "warehouse.duckdb")
    parser.add_argument("--accept-errors", action="store_true", help="swap although landed loads could not be staged")
    return parser


if __name__ == "__main__":
    sys.exit(main())
