"""python -m warehouse.publish --night YYYY-MM-DD [--target duckdb|postgres|both] [--held GROUP]
python -m warehouse.publish setup | status | versions [--write] | login NAME --role ROLE [--community CODE …]

Common: [--warehouse FILE] [--home DIR] [--url URL]. The URL of the server is REGISTER_MARTS_URL if not given; `--target
postgres` publishes the current file again without making a new one. `login` reads the password from standard input;
`setup` gives the roles the passwords it finds in REGISTER_PASSWORD_<ROLE>. Prints JSON. Exit status: 0, 2 bad call,
3 later, 4 a person must look.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import duckdb

from expectations.errors import CallRejected, PipelineError
from expectations.marts import load_marts
from warehouse.engine.connection import open_warehouse
from warehouse.publish.logins import MACHINES, PEOPLE, add_login, set_passwords
from warehouse.publish.night import FOLDER, publish_night
from warehouse.publish.server import publish_postgres
from warehouse.publish.setup import setup
from warehouse.publish.snapshot import current
from warehouse.publish.versions import differences, kept_versions, shapes_of, take_down

URL = "REGISTER_MARTS_URL"
PASSWORD = "REGISTER_PASSWORD_"  # noqa: S105 - how the variables begin


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the report or the error goes to standard output."""
    try:
        report = _run(_parser().parse_args(arguments))
        status = int(report.get("exit_status", 0))
    except PipelineError as error:
        report, status = error.as_dict(), error.exit_status
    json.dump(report, sys.stdout, ensure_ascii=False, indent=1, default=str)
    sys.stdout.write("\n")
    return status


def _run(options: argparse.Namespace) -> dict[str, Any]:
    if options.command == "setup":
        return setup(_url(options)) | {"passwords": set_passwords(_url(options), _passwords())}
    if options.command == "versions":
        return _versions(options)
    if options.command == "login":
        password = sys.stdin.readline().rstrip("\n")
        return add_login(_url(options), options.name, options.role, password, options.community)
    if options.command == "status":
        return {"generation": _manifest(options.home)}
    if options.target == "postgres":
        return publish_postgres(_current(options.home), _url(options))
    if not options.night or not re.fullmatch(r"\d{4}-\d\d-\d\d", options.night):
        raise CallRejected("SC-CALL", detail="--night YYYY-MM-DD is needed")
    url = _url(options) if options.target == "both" else None
    return publish_night(options.warehouse, options.home, options.night, url, held=options.held)


def _url(options: argparse.Namespace) -> str:
    if not options.url:
        raise CallRejected("SC-CALL", detail=f"--url or {URL} is needed")
    return str(options.url)


def _passwords() -> dict[str, str]:
    """REGISTER_PASSWORD_PIPELINE and its like; one that is empty changes nothing."""
    said = {role: os.environ.get(f"{PASSWORD}{role.upper()}", "") for role in (*PEOPLE, *MACHINES)}
    return {role: password for role, password in said.items() if password}


def _versions(options: argparse.Namespace) -> dict[str, Any]:
    """What changed in the marts of the warehouse without a new version."""
    declared = load_marts()
    with open_warehouse(options.warehouse) as connection:
        shapes = shapes_of(connection, declared)
    fresh = take_down(declared, shapes) if options.write else []
    wrong = differences(declared, shapes, kept_versions())
    return {"taken_down": fresh, "differences": wrong, "exit_status": 4 if wrong else 0}


def _current(home: Path) -> Path:
    if (found := current(home / FOLDER)) is None:
        raise CallRejected("PU-NONE", detail=FOLDER)
    return found


def _manifest(home: Path) -> list[dict[str, Any]]:
    with duckdb.connect(str(_current(home)), read_only=True) as connection:
        found = connection.sql("select * exclude (digest) from marts.generation order by mart").to_arrow_table()
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def _parser() -> argparse.ArgumentParser:
    home = Path(os.environ.get("REGISTER_HOME", Path(__file__).resolve().parents[2] / "var"))
    parser = argparse.ArgumentParser(prog="python -m warehouse.publish", description=__doc__)
    parser.add_argument(
        "command", nargs="?", choices=("publish", "setup", "status", "versions", "login"), default="publish"
    )
    parser.add_argument("name", nargs="?", default="", help="of the login")
    parser.add_argument("--role", choices=PEOPLE, help="of the login", default="analyst")
    parser.add_argument("--community", action="append", default=[], help="a full code, or * for the whole street")
    parser.add_argument("--night")
    parser.add_argument("--target", choices=("duckdb", "postgres", "both"), default="duckdb")
    parser.add_argument("--held", action="append", default=[], help="a consistency group that failed its checks")
    parser.add_argument("--warehouse", type=Path, default=home / "warehouse.duckdb")
    parser.add_argument("--home", type=Path, default=home)
    parser.add_argument("--write", action="store_true", help="versions: take down those that are new")
    parser.add_argument("--url", default=os.environ.get(URL))
    return parser


if __name__ == "__main__":
    sys.exit(main())
