"""What a steward lets through, as commands: waive, confirm, release, close. What is not there is refused."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from expectations.bounds import FRESH, VOLUME
from expectations.contract import contracts_folder, load_contract
from expectations.errors import CallRejected
from expectations.likeness import likeness_bounds
from expectations.marts import load_marts
from expectations.relations import staged
from expectations.sql import fill
from expectations.windows import Closing, Open, open_files, open_windows
from warehouse.decisions.call import Answer, Call
from warehouse.decisions.closings import subject_of
from warehouse.decisions.sign_offs import CLOSE, CONFIRM, MARTS, RELEASE, sign_off
from warehouse.decisions.waivers import add_waiver
from warehouse.engine.connection import open_warehouse

REGISTER: Final = "register"
_LOAD: Final = """
select source, entity, window_begin::varchar, window_end::varchar, landed, floor_held
from ledger.load where load_id = $load
"""
_VERDICT: Final = "select verdict, detail from quality.run where source = $source and night = $night"


def waive(call: Call) -> Answer:
    """A failing rule, or one record under it, holds nothing back until a day."""
    o = call.options
    until = _day(o.until, "--until")
    _known_rule(o.source, o.entity, o.rule)
    if o.record_id:
        _known_record(call)
    what = f"{o.source}.{o.entity}.{o.rule}" + (f" {o.record_id}" if o.record_id else "")
    call.subject = f"rule:{o.source}.{o.entity}.{o.rule}"
    if call.dry_run:
        call.log("planned")
        return Answer(
            {"rule": what, "until": o.until}, f"将豁免 {what} 至 {until}", f"would waive {what} until {until}"
        )
    made = call.do(lambda: add_waiver(
        call.engine, o.source, o.entity, o.rule, reason=o.reason, until=until, by=o.by, source_record_id=o.record_id,
    ))  # fmt: skip
    return Answer(
        {"waiver_id": made, "rule": what, "until": o.until},
        f"豁免 {made}：{what} 至 {until}；再跑该来源的检查即生效",
        f"waiver {made}: {what} until {until}; check the source again for it to count",
    )


def confirm(call: Call) -> Answer:
    """A load that lost or renewed more than the contract allows is right: stage it as it is."""
    o = call.options
    with open_warehouse(o.warehouse, wait=o.wait) as connection:
        found = connection.execute(_LOAD, {"load": o.load}).fetchall()
    if not found:
        raise CallRejected("DS-NONE", detail=f"no load {o.load} is in the ledger")
    source, entity, begin, end, landed, _ = found[0]
    what = f"{source}.{entity} [{begin}, {end}) {landed}"
    return _signed(call, CONFIRM, source, o.load, what, "确认", "confirms")


def release(call: Call) -> Answer:
    """What a critical rule holds goes on, for one night, with its failures known: `register`, or a group of marts."""
    o = call.options
    night = _day(o.night, "--night")
    if o.what == REGISTER:
        with open_warehouse(o.warehouse, wait=o.wait) as connection:
            there = connection.execute("select 1 from duckdb_tables() where schema_name = 'quality'").fetchall()
            found = connection.execute(_VERDICT, {"source": REGISTER, "night": night}).fetchall() if there else []
        if not found or found[0][0] != "held":
            raise CallRejected("DS-NONE", detail=f"the register of {night} is not held")
        return _signed(call, RELEASE, REGISTER, f"{night}", f"{REGISTER} {night}: {found[0][1]}", "放行", "releases")
    groups = load_marts().groups
    if o.what not in groups:
        raise CallRejected("SC-CALL", detail=f"{o.what!r} is neither register nor one of {', '.join(sorted(groups))}")
    return _signed(call, RELEASE, MARTS, f"{o.what}@{night}", f"{o.what} {night}", "放行", "releases")


def close_hole(call: Call) -> Answer:
    """A hole, or a file that was refused, of a source will not be read any more; no morning names it again."""
    o = call.options
    _known_source(o.source)
    closing = _closing(call)
    left = _open(call, closing)
    if not left:
        raise CallRejected("DS-NONE", detail=f"{o.source}: nothing of that is open")
    what = f"{o.source} " + (f"[{closing.span[0]}, {closing.span[1]})" if closing.span else closing.file)
    return _signed(call, CLOSE, o.source, subject_of(closing), what, "关闭缺口", "closes")


def _closing(call: Call) -> Closing:
    """What the options name. Raises CallRejected SC-CALL."""
    o = call.options
    if bool(o.file) == bool(o.begin or o.end) or bool(o.begin) != bool(o.end):
        raise CallRejected("SC-CALL", detail="close takes --begin and --end, or --file")
    if o.file:
        return Closing(file=o.file)
    begin, end = _moment(o.begin, "--begin"), _moment(o.end, "--end")
    if begin >= end:
        raise CallRejected("SC-CALL", detail="a hole begins before it ends")
    return Closing((begin, end))


def _open(call: Call, closing: Closing) -> list[Open]:
    """What is open of it now, also if a person has closed it before."""
    contract, landing = load_contract(call.options.source), call.options.landing
    if closing.span is None:
        return [one for one in open_files(contract, landing) if one.file == closing.file]
    begin, end = closing.span
    return [one for one in open_windows(contract, landing, end) if one.end > begin]


def _signed(call: Call, kind: str, source: str, subject: str, what: str, zh: str, en: str) -> Answer:
    o = call.options
    call.subject = f"{kind}:{source}:{subject}"
    facts: dict[str, Any] = {"kind": kind, "source": source, "subject": subject, "what": what}
    if call.dry_run:
        call.log("planned")
        return Answer(facts, f"将{zh} {what}", f"{en} (planned) {what}")
    made = call.do(lambda: sign_off(call.engine, kind, source, subject, reason=o.reason, by=o.by))
    return Answer(facts | {"sign_off_id": made}, f"{zh} {what}（{made}）", f"{en} {what} ({made})")


def _known_source(source: str) -> None:
    if not (contracts_folder() / f"{source}.yml").exists():
        raise CallRejected("SC-CALL", detail=f"{source!r} is no source")


def _known_rule(source: str, entity: str, rule: str) -> None:
    _known_source(source)
    entities = load_contract(source).entities
    if entity not in entities:
        raise CallRejected("SC-CALL", detail=f"{source} has {', '.join(entities)}")
    likeness = (bound.check.rule for bound in likeness_bounds(load_contract(source)) if bound.entity == entity)
    rules = [*(check.rule for check in entities[entity].checks), VOLUME, FRESH, *likeness]
    if rule not in rules:
        raise CallRejected("SC-CALL", detail=f"{source}.{entity} has the rules {', '.join(rules)}")


def _known_record(call: Call) -> None:
    o = call.options
    query = fill("select 1 from {{t}} where source_record_id = $record limit 1", t=staged(o.source, o.entity))
    with open_warehouse(o.warehouse, wait=o.wait) as connection:
        if not connection.execute(query, {"record": o.record_id}).fetchall():
            raise CallRejected("DS-NONE", detail=f"{o.source}: {o.entity} has no such record")


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CallRejected("SC-CALL", detail=f"{option} is a day, YYYY-MM-DD") from error


def _moment(text: str, option: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise CallRejected(
            "SC-CALL", detail=f"{option} is a day or a time, YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS"
        ) from error
