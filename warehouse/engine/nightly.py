"""The register of one night: claims of everything released, the register, its own checks; and the same in a rebuild."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

from expectations.contract import Contract, contracts_folder, load_contract
from expectations.desk import prepare
from expectations.errors import SourceChanged
from expectations.register_rules import SOURCE
from expectations.verdict import HELD, Outcome
from warehouse.decisions.restored import refuse_erased
from warehouse.decisions.sign_offs import RELEASE, signed_off
from warehouse.engine.checked import check_register, churn_rules, verdict_of
from warehouse.engine.claims import build_claims
from warehouse.engine.connection import Connection, open_warehouse
from warehouse.engine.decided import decisions_beside
from warehouse.engine.issued import issue, issued_folder, load_issued
from warehouse.engine.register import build_register, mark_verdict
from warehouse.engine.remembered import refuse_fewer, remember_decisions
from warehouse.resolver import Model, model_in_use


def register_nightly(
    warehouse: Path,
    night: str | None = None,
    decisions_url: str | None = None,
    *,
    full: bool = False,
    wait: float | None = None,
    landing: Path | None = None,
    backfill: bool = False,
) -> tuple[dict[str, Any], int]:
    """Build claims and register of an existing warehouse and judge them; the report as JSON, and the exit status.

    night: `YYYY-MM-DD`; the last night any source was judged if not given. decisions_url: the store of the home if not
    given. landing: where the ids that were given out lie; `landing` beside the warehouse if not given. backfill: see
    `register_into`. Raises: LO-LOCKED, LO-WAREHOUSE, RE-MODEL, RE-FEWER, OP-STALE, LA-CORRUPT.
    """
    issued = issued_folder(landing or warehouse.absolute().parent / "landing")
    with open_warehouse(warehouse, wait=wait) as connection:
        told, status = register_into(connection, night, decisions_url, full=full, issued=issued, backfill=backfill)
        if not status:  # a held register is shown to stewards, and gives nothing out
            told["issued"] = issue(connection, issued)
        return told, status


def register_into(
    connection: Connection,
    night: str | None = None,
    decisions_url: str | None = None,
    *,
    full: bool = False,
    contracts: list[Contract] | None = None,
    model: Model | None = None,
    issued: Path | None = None,
    backfill: bool = False,
) -> tuple[dict[str, Any], int]:
    """The same over an open warehouse, which gives nothing out; contracts: those of the folder that were staged, if not
    given. issued: the folder of the ids that were given out. backfill: ids may change, for past records came; how many
    did is told, and holds nothing. A night that a steward released goes on with what failed. Raises: RE-FEWER.
    """
    started = time.monotonic()
    prepare(connection)
    contracts = staged_contracts(connection) if contracts is None else contracts
    url = decisions_url or decisions_beside(connection)
    refuse_erased(connection, contracts, url)
    refuse_fewer(connection, url)
    if issued is not None:
        load_issued(connection, issued)
    claims = build_claims(connection, contracts, full=full)
    when = date.fromisoformat(night) if night else last_night(connection)
    report = build_register(connection, url, model or model_in_use(), full=full, night=when)
    outcomes = check_register(connection, when)
    held = [o for o in outcomes if o.outcome == HELD and not (backfill and o.rule in churn_rules())]
    released = bool(held) and when.isoformat() in signed_off(RELEASE, SOURCE, url)
    error = SourceChanged("RE-HELD", detail=_named(held)) if held and not released else None
    mark_verdict(connection, error.detail if error else None)
    remember_decisions(connection, url)
    told = {
        "verdicts": _verdicts(connection, night),
        "claims": claims.as_dict(), "register": report.as_dict(), "verdict": verdict_of(outcomes),
        "failed": [{"rule": o.rule, "outcome": o.outcome, "failing": o.failing, "total": o.total}
                   for o in outcomes if o.failing],
        "released": released, "expected": report.changes if backfill else {},
        "error": error.as_dict() if error else None, "seconds": round(time.monotonic() - started, 3),
    }  # fmt: skip
    return told, 4 if error else 0


def _verdicts(connection: Connection, night: str | None) -> dict[str, str]:
    """What the night's checks said of each source: whose accepted rows are of before, and who is not there."""
    if night is None:
        return {}
    rows = connection.execute(
        "select source, verdict from quality.run where night = $night", {"night": night}
    ).fetchall()
    return {source: verdict for source, verdict in rows if source not in ("cross", "register")}


def staged_contracts(connection: Connection) -> list[Contract]:
    """The contracts of what is staged, in the order of their keys; a source whose contract is gone claims nothing."""
    rows = connection.execute("select distinct source from ledger.shape order by source").fetchall()
    return [load_contract(source) for (source,) in rows if (contracts_folder() / f"{source}.yml").exists()]


def last_night(connection: Connection) -> date:
    """The last night any source was judged, else the last one loaded."""
    [(night,)] = connection.execute(
        "select coalesce((select max(night) from quality.run where source <> 'register'), "
        "(select max(window_end)::date from ledger.load), date '1970-01-01')"
    ).fetchall()
    return date.fromisoformat(str(night))


def _named(outcomes: list[Outcome]) -> str:
    return ", ".join(f"{o.rule} {o.failing}/{o.total}" for o in outcomes)
