"""What the tasks of the `history` DAG do.

Imported inside the tasks: parsing a DAG file must not pay for Arrow or DuckDB.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import structlog

from expectations.errors import CallRejected, PipelineError
from extractors import Source, Window, discover
from extractors._kit.history import missing_windows, month_windows, read_window, refuse_expired
from plugins.connections import source_connection
from plugins.nightly import build_marts_night, check_night, publish_marts_night, register_night
from plugins.settings import Settings
from warehouse.engine import stage_source
from warehouse.publish.night import published_night

log = structlog.get_logger("register.history")


def choose_systems(params: Mapping[str, Any]) -> list[str]:
    """Keys of the sources asked for that can tell of the past; what only shows the present is logged and left out.

    Raises: CallRejected SC-CALL, BF-RETENTION before anything is read.
    """
    begin, end, today = *_period(params), Settings.from_env().today
    if end > today:
        raise CallRejected("SC-CALL", detail=f"history ends {end}; {today} is not over")
    sources = _chosen(params["sources"])
    told = [source for source in sources if source.of_the_past().entities]
    for source in told:
        refuse_expired(source, begin, today)
    log.info("chosen", sources=[source.key for source in told], left_out=left_out(sources))
    return [source.key for source in told]


def left_out(sources: Iterable[Source]) -> dict[str, str]:
    """What a backfill does not read, and why: entities that can only show the present."""
    because = "只能看到现在，不回填 / shows the present only"
    return {
        f"{source.key}.{name}": f"{source.contract().entities[name].title.zh}：{because}"
        for source in sources
        for name in source.of_the_present()
    }


def plan_history(chosen: Sequence[str], params: Mapping[str, Any]) -> list[dict[str, str]]:
    """The windows that are still to be read."""
    landing = Settings.from_env().landing
    months = sorted(month_windows(*_period(params)), key=lambda w: w.begin, reverse=bool(params["backward"]))
    missing = {key: missing_windows(discover()[key], landing, months) for key in chosen}
    # Month by month, all systems of a month together: what is there at an interruption is a whole stretch of time.
    windows = [_named(key, w) for w in months for key, left in missing.items() if w in left]
    skipped = left_out(discover()[key] for key in chosen)
    log.info("planned", sources=list(chosen), months=len(months), windows=len(windows), left_out=skipped)
    return windows


def read_history(window: Mapping[str, str]) -> dict[str, Any]:
    """Read one window. Raises the source's error, so that the task is retried or red."""
    source = discover()[window["source"]]
    asked = Window.parse(window["begin"], window["end"])
    summaries = read_window(source, asked, Settings.from_env().landing, source_connection(source.connection))
    rows = sum(entity.rows for s in summaries for entity in s.entities.values())
    errors = [error for s in summaries for error in s.errors]
    log.info("extracted", source=source.key, begin=window["begin"], rows=rows, pieces=len(summaries))
    if errors:
        raise max(errors, key=lambda e: e.exit_status)
    return {"source": source.key, "begin": window["begin"], "rows": rows, "pieces": len(summaries)}


def stage_history(key: str) -> dict[str, Any]:
    """Load everything of the source that the ledger does not hold. Raises the first error of a load."""
    settings = Settings.from_env()
    report = stage_source(discover()[key].contract(), settings.landing, settings.warehouse).as_dict()
    for error in report["errors"]:
        raise PipelineError(error["code"], detail=error["detail"])
    return report


def check_history(key: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Judge the source as of the last day of the history."""
    return check_night(key, {"end": params["end"]})


def finish_history(chosen: Sequence[str], params: Mapping[str, Any]) -> dict[str, Any]:
    """Build the register once, as of the newest night there is. Raises BF-LEFT, after it, while a window is missing."""
    begin, end = _period(params)
    built = register_night(newest_night(end), backfill=True)
    log.info("changed", ids=built["expected"])
    landing, months = Settings.from_env().landing, month_windows(begin, end)
    left = {key: len(missing_windows(discover()[key], landing, months)) for key in chosen}
    if any(left.values()):
        raise PipelineError("BF-LEFT", detail=", ".join(f"{key} {n}" for key, n in left.items() if n))
    return built | {"left_out": left_out(_chosen(params["sources"]))}


def newest_night(end: date) -> str:
    """The night that register and marts are made of after a backfill: the published one, unless the past ends later."""
    last = (end - timedelta(days=1)).isoformat()
    return max(last, published_night(Settings.from_env().landing.parent) or last)


def publish_history(params: Mapping[str, Any]) -> dict[str, Any]:
    """Build and publish the marts of the newest night, which now know the past."""
    night = newest_night(_period(params)[1])
    return publish_marts_night(night, build_marts_night(night))


def _period(params: Mapping[str, Any]) -> tuple[date, date]:
    return date.fromisoformat(params["begin"]), date.fromisoformat(params["end"])


def _chosen(keys: list[str]) -> list[Source]:
    """Sources by key, all if none is named. Raises CallRejected SC-CALL for a key that is none."""
    known = discover()
    if unknown := sorted(set(keys) - set(known)):
        raise CallRejected("SC-CALL", detail=f"{unknown[0]!r} is not a source; there are {', '.join(sorted(known))}")
    return [known[key] for key in sorted(keys or known)]


def _named(key: str, window: Window) -> dict[str, str]:
    begin, end = window.key()
    return {"source": key, "begin": begin, "end": end}
