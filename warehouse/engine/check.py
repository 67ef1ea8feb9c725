"""Check a staged source: open the one writer, read the steward's waivers, judge.

Great Expectations is imported below this module only when a check runs; importing this module costs nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from expectations import cross, runner
from expectations.contract import Contract
from expectations.errors import CallRejected, PipelineError, SourceChanged
from expectations.faultpoint import faultpoint, register
from expectations.memory import bounded
from expectations.verdict import Waiver
from warehouse.decisions.store import is_there, open_decisions
from warehouse.decisions.waivers import waivers_in_force
from warehouse.engine.confirmed import confirmed_loads
from warehouse.engine.connection import Connection, open_warehouse
from warehouse.engine.erased import decisions_of
from warehouse.engine.shapes import is_behind
from warehouse.engine.staged import staged_entities

register("check.before_judging", "check.after_judging")


def check_source(
    contract: Contract,
    landing: Path,
    warehouse: Path,
    night: str,
    decisions_url: str | None = None,
    *,
    wait: float | None = None,
) -> dict[str, Any]:
    """Judge what is staged of a source for a night; the verdict as counts and codes, JSON-ready.

    landing: where the source's files lie, only to tell a source that never landed from one that was not staged.
    decisions_url: the decision store; that of the home if not given.
    Raises: CallRejected SC-CALL for a night that is no date; SourceLater LO-LOCKED, SourceChanged LO-WAREHOUSE.
    """
    try:
        when = date.fromisoformat(night)
    except ValueError as error:
        raise CallRejected("SC-CALL", detail="a night is a date, YYYY-MM-DD") from error
    url = decisions_url or decisions_of(warehouse)
    waivers, confirmed = _waivers(contract.source, when, url), confirmed_loads(warehouse, contract.source, url=url)
    with open_warehouse(warehouse, wait=wait) as connection:
        faultpoint("check.before_judging")
        verdict = runner.check_source(
            contract, connection, night, waivers, refusal=_behind(connection, contract), confirmed=confirmed
        )
        faultpoint("check.after_judging")
        with bounded(connection):  # the one at the end would read all that was written with all the memory there is
            connection.execute("checkpoint")
    return {**verdict.as_dict(), "landed": (landing / contract.source).is_dir()}


def check_cross(
    warehouse: Path, night: str, decisions_url: str | None = None, *, wait: float | None = None
) -> dict[str, Any]:
    """Compare the sources with each other, once those of the night are judged; counts only, JSON-ready."""
    waivers = _waivers(cross.SOURCE, date.fromisoformat(night), decisions_url or decisions_of(warehouse))
    with open_warehouse(warehouse, wait=wait) as connection:
        outcomes = cross.check_cross(connection, night, waivers)
    return {"night": night, "rules": [asdict(o) for o in outcomes]}


def _behind(connection: Connection, contract: Contract) -> PipelineError | None:
    """Why a source cannot be judged: a table of it is still in the shape of the contract before."""
    behind = [name for name, staged in staged_entities(contract).items() if is_behind(connection, staged)]
    return SourceChanged("LO-RESTAGE", detail=", ".join(behind)) if behind else None


def _waivers(source: str, night: date, decisions_url: str) -> list[Waiver]:
    if not is_there(decisions_url):
        return []
    engine = open_decisions(decisions_url)
    try:
        return waivers_in_force(engine, source, night)
    finally:
        engine.dispose()
