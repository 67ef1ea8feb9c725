"""What the tasks do, between Airflow's context and the project's own functions.

Imported inside the tasks: parsing a DAG file must not pay for Arrow or DuckDB.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

import structlog

from expectations.errors import CallRejected, PipelineError, SourceLater
from extractors import discover
from extractors._kit.cursor import nightly_window
from extractors._kit.run import run_source
from extractors._kit.summary import Summary
from plugins.alerts import alert
from plugins.connections import source_connection
from plugins.holes import catch_up, compare_keys, name_open
from plugins.nights import night_of, window_of
from plugins.settings import Settings
from warehouse.engine import stage_source
from warehouse.engine.check import check_cross, check_source
from warehouse.engine.marts import marts_nightly
from warehouse.engine.nightly import register_nightly
from warehouse.publish.night import publish_night, published_night
from warehouse.report.build import build_report

log = structlog.get_logger("register.night")


def extract_night(key: str, context: dict[str, Any]) -> dict[str, Any]:
    """Run one source for the run's window; its summary (counts, codes, load ids) is the task's result.

    A night that was read asks for holes of earlier nights too, a few pieces of them; what stays open is named.
    Raises: CallRejected SC-CALL for a night or a window that cannot be read; the source's error when nothing
    landed, or while the source may still be asked again.
    """
    source = discover()[key]
    settings = Settings.from_env()
    night = night_of(context, settings.today)
    by_hand = window_of(context.get("params") or {})
    window = by_hand or nightly_window(source, settings.landing, night)
    connection = source_connection(source.connection)
    summary = run_source(source, window, settings.landing, connection)
    _log("extracted", summary.as_dict())
    if by_hand:
        _raise_unless_landed(summary, context)
        return summary.as_dict()
    try:
        _raise_unless_landed(summary, context)
        caught_up = catch_up(source, settings.landing, connection, night)
        keys = compare_keys(source, settings.landing, connection, night)
    finally:
        name_open(source, settings.landing, window.end)
    return summary.as_dict() | {"caught_up": caught_up, "compared": keys}


def _raise_unless_landed(summary: Summary, context: dict[str, Any]) -> None:
    """Landed siblings of a refused file go on to staging, which then fails with the refusal; the rest fails here."""
    if not summary.errors:
        return
    worst = max(summary.errors, key=lambda e: e.exit_status)
    landed = any(e.load_id for e in summary.entities.values())
    instance = context.get("ti")
    last_try = instance is None or instance.try_number > instance.max_tries
    if not landed or (worst.exit_status == 3 and not last_try):
        raise worst


def stage_night(key: str, landed: dict[str, Any]) -> dict[str, Any]:
    """Load everything of the source that the ledger does not hold.

    Raises: what extract or this load left open, after the rows are safe, so that the run is red and the asset silent.
    """
    settings = Settings.from_env()
    report = stage_source(discover()[key].contract(), settings.landing, settings.warehouse).as_dict()
    _log("staged", report)
    for error in [*landed["errors"], *report["errors"]]:
        raise PipelineError(error["code"], detail=error["detail"])
    return report


def check_night(key: str, landed: dict[str, Any]) -> dict[str, Any]:
    """Judge the source for the night its window ends in; one alert with counts only when it is held or not judged.

    Raises: the error that broke the judging, for what was not judged has not passed.
    """
    settings = Settings.from_env()
    night = (datetime.fromisoformat(landed["end"]) - timedelta(seconds=1)).date().isoformat()
    verdict = check_source(discover()[key].contract(), settings.landing, settings.warehouse, night)
    log.info("checked", source=key, night=night, verdict=verdict["verdict"])
    if verdict["verdict"] in ("held", "error"):
        alert("source_is_held", source=key, night=night, verdict=verdict["verdict"], rules=_failing(verdict))
    if verdict["verdict"] == "error":
        raise PipelineError((verdict.get("error") or {}).get("code", "CH-ENGINE"), detail=key)
    return verdict


def register_night(night: str | None, *, backfill: bool = False) -> dict[str, Any]:
    """Build and judge the register of a night from whatever is accepted; names who is absent or held.

    backfill: past records came, so ids may change; the result lists how many did.

    Raises: what the register's own contract holds back (RE-HELD), after an alert with counts only.
    """
    built, _ = register_nightly(Settings.from_env().warehouse, night, backfill=backfill)
    verdicts: dict[str, str] = built["verdicts"]
    built["absent"] = sorted(set(discover()) - set(verdicts)) if night else []
    built["held"] = sorted(key for key, verdict in verdicts.items() if verdict in ("held", "error"))
    log.info("built", night=night, rows=built["register"]["rows"], absent=built["absent"], held=built["held"])
    if built["error"]:
        alert("register_is_held", night=night, rules={f["rule"]: f["failing"] for f in built["failed"]})
        raise PipelineError(built["error"]["code"], detail=built["error"]["detail"])
    return built


def build_marts_night(night: str | None) -> dict[str, Any]:
    """Build and check the marts of a night; a group that fails its checks is held, with an alert, and named.

    A night outside the years of the holiday notices, and codes that no list names, are alerts of their own.
    """
    built, _ = marts_nightly(Settings.from_env().warehouse, night)
    if built["error"]:
        alert("marts_are_held", night=night, groups=built["held"])
    for note in built["notes"]:  # a night beyond the calendar, a code without a name: nothing is held for it
        alert(note["event"], **{fact: told for fact, told in note.items() if fact != "event"})
    return built


def publish_marts_night(night: str | None, built: dict[str, Any]) -> dict[str, Any]:
    """Publish a generation into REGISTER_HOME, and on the server of REGISTER_MARTS_URL if there is one.

    Raises: CallRejected SC-CALL without a night; what the server answered, as SourceLater while it may be asked again.
    """
    if not night:
        raise CallRejected("SC-CALL", detail="a run needs a partition key (a night)")
    settings = Settings.from_env()
    told = publish_night(
        settings.warehouse, settings.landing.parent, night, os.environ.get("REGISTER_MARTS_URL"), held=built["held"]
    )
    # Which cell was weak is for the steward's own run of the command; a task's result names the group's error only.
    codes = [error["code"] for error in told["errors"]]
    log.info("published", night=night, held=told["held"], codes=codes)
    if codes:
        alert("marts_are_held", night=night, marts=told["held"], codes=codes)
    server = told.get("postgres") or {}
    if "code" in server:  # the file is out, the server still has the generation before
        again = SourceLater if server["retry"] == "auto" else PipelineError
        raise again(server["code"], detail=server["detail"])
    return told | {"errors": codes}


def compare_night(night: str | None) -> dict[str, Any]:
    """Compare the accepted sources of a night with each other. Raises CallRejected SC-CALL without a night."""
    if not night:
        raise CallRejected("SC-CALL", detail="a run needs a partition key (a night)")
    compared = check_cross(Settings.from_env().warehouse, night)
    log.info("compared", night=night, differing=[r["rule"] for r in compared["rules"] if r["outcome"] == "flagged"])
    return compared


def report_night(night: str | None) -> dict[str, Any]:
    """Build and publish the steward's report of a night, with whatever was judged.

    The morning is when somebody must know that the marts are not those of the night: no run of theirs may have begun,
    and a run that does not begin is late for no deadline.
    """
    settings = Settings.from_env()
    report = build_report(settings.warehouse, settings.report, night, settings.landing).as_dict()
    published = published_night(settings.landing.parent)
    if night and (published or "") < night:
        alert("marts_are_late", night=night, published=published)
    return report | {"published": published}


def _failing(verdict: dict[str, Any]) -> dict[str, int]:
    return {f"{o['entity']}.{o['rule']}": o["failing"] or 0 for o in verdict["failed"] if o["outcome"] != "flagged"}


def _log(event: str, summary: dict[str, Any]) -> None:
    entities = summary["entities"]
    log.info(event, source=summary["source"], rows={n: e.get("rows", e.get("landed")) for n, e in entities.items()})
