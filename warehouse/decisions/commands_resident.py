"""The resident's rights as commands: subject-access, correct, erase, readmit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from expectations.claims import Attribute, vocabulary
from expectations.errors import CallRejected
from expectations.relations import staged, staged_column
from expectations.sql import fill, joined, name
from warehouse.decisions import erase as erasing
from warehouse.decisions import erasures
from warehouse.decisions.access import access_text, compile_access
from warehouse.decisions.access_log import AccessLog
from warehouse.decisions.call import Answer, Call
from warehouse.decisions.corrections import IDENTITY, correct
from warehouse.decisions.judgements import Record
from warehouse.decisions.keys import ERASURE, LOOK, Keyed
from warehouse.decisions.place import community_of_record
from warehouse.decisions.receipts import receipt_text
from warehouse.decisions.scope import scope_of
from warehouse.decisions.subjects import Subject
from warehouse.decisions.vault import Vault
from warehouse.engine.connection import Connection, open_warehouse

EDGE = ("-m", "extractors.correction")  # a process of its own: the arrow between the folders points the other way
ROOT = Path(__file__).resolve().parents[2]


def subject_access(call: Call) -> Answer:
    """Everything held of one resident, and every look at it; this one is in the log before it is answered."""
    call.keep_few()
    vault = Vault.open(call.options.decisions)
    with open_warehouse(call.options.warehouse, wait=call.options.wait) as connection:
        subject = call.find(connection)
        if call.dry_run:
            call.log("planned")
            text = "\n".join(f"{r.source} {r.entity} {r.record_id}" for r in subject.records)
            return Answer({"records": [r._asdict() for r in subject.records]}, text, text)
        facts = compile_access(connection, call.stores.contracts, call.engine, vault, subject)
    vault.close()
    call.log("answered")
    looks = AccessLog(call.engine).entries(subject.digests(Keyed.from_env(LOOK)))
    hidden = ("subject", "previous", "hash")
    facts["looks"] = [{k: v for k, v in e._asdict().items() if k not in hidden} for e in looks]
    return Answer(facts, access_text(facts, "zh"), access_text(facts, "en"))


def correct_attribute(call: Call) -> Answer:
    """Pin an attribute of a person or house until the source agrees."""
    o = call.options
    record = Record.parse(o.record)
    attributes = {*vocabulary()[o.kind].attributes, *(IDENTITY if o.kind == "person" else ())}
    if o.attribute not in attributes:
        raise CallRejected("SC-CALL", detail=f"{o.kind} has {', '.join(sorted(attributes))}")
    if o.attribute in IDENTITY and o.value is not None:
        raise CallRejected("SC-CALL", detail=f"{o.attribute} is read from standard input, arguments can be seen")
    with open_warehouse(o.warehouse, wait=o.wait) as connection:
        old = _old_value(call, connection, record)
        community = community_of_record(connection, record)
    call.name([record])
    call.keep_within(community, _none(record))
    value = sys.stdin.read().strip() if o.value is None else o.value
    if o.attribute not in IDENTITY:
        _refuse_nonsense(vocabulary()[o.kind].attributes[o.attribute], value)
    if call.dry_run:
        call.log("planned")
        facts = {"attribute": o.attribute, "old_value": old, "pinned": False}
        return Answer(facts, f"将更正 {o.attribute}", f"would correct {o.attribute}")
    made = call.do(
        lambda: correct(
            call.engine, o.kind, record, o.attribute,
            _cleared(o.attribute, value, o.id_type, o.decisions) if o.attribute in IDENTITY else value or None,
            old_value=old, reason=o.reason, by=o.by, community=call.community,
        )
    )  # fmt: skip
    return Answer({"correction_id": made, "old_value": old}, f"更正 {made} 已生效", f"correction {made} is in force")


def _refuse_nonsense(attribute: Attribute, value: str) -> None:
    """Raises CallRejected SC-CALL for a value that is not of the attribute's type; no value is echoed."""
    reads: Mapping[str, Callable[[str], object]] = {
        "date": date.fromisoformat, "datetime": datetime.fromisoformat, "integer": int, "decimal": Decimal,
    }  # fmt: skip
    try:
        if value:
            reads.get(attribute.type, str)(value)
    except (ValueError, ArithmeticError) as error:
        detail = f"{attribute.name} is a {attribute.type}, written like 1990-01-31 where it is a day"
        raise CallRejected("SC-CALL", detail=detail) from error


def erase(call: Call) -> Answer:
    """Delete a resident from every store; a dry run says what and where."""
    o = call.options
    try:
        with open_warehouse(o.warehouse, wait=o.wait) as connection:
            subject = call.find(connection)
    except CallRejected as error:
        # Killed half way, or asked again: the record is gone, but its tombstone knows the erasure.
        row = erasures.erasure_of(call.engine, [Keyed.from_env(ERASURE).record(*Record.parse(o.record))]) \
            if error.code == "DS-ERASED" else None  # fmt: skip
        if row is None or call.dry_run:
            raise
        return _erased(call, lambda: erasing.run_erasure(call.stores, row.erasure_id, wait=o.wait))
    if call.dry_run:
        found = erasing.plan(call.stores, subject, o.wait)
        call.log("planned")
        facts = {"records": [r._asdict() for r in subject.records], "would_delete": dict(sorted(found.items()))}
        lines = "\n".join(f"  {place}: {count}" for place, count in sorted(found.items()))
        return Answer(facts, f"将删除：\n{lines}", f"would delete:\n{lines}")
    if not scope_of(call.engine, o.by).whole and call.engine.dialect.name == "postgresql":
        return _ordered(call, subject)
    said = {"reason": o.reason, "by": o.by, "community": call.community, "wait": o.wait}
    return _erased(call, lambda: erasing.erase(call.stores, subject, **said))


def _ordered(call: Call, subject: Subject) -> Answer:
    """A personal login orders; sweeping takes sight of all communities' rows, which only the pipeline has."""
    o = call.options
    made = call.do(lambda: erasing.order(call.stores, subject, reason=o.reason, by=o.by, community=call.community))
    zh = f"删除 {made} 已登记，墓碑已生效；由流水线执行 reapply 清扫后出具回执"
    en = f"erasure {made} is ordered, its tombstones hold; the pipeline's `reapply` sweeps and writes the receipt"
    return Answer({"erasure_id": made, "state": erasures.BEGUN}, zh, en)


def readmit(call: Call) -> Answer:
    """Let what was erased be collected anew, for a reason in law."""
    o = call.options
    if call.dry_run:
        call.log("planned")
        return Answer({"erasure_id": o.id}, f"将解除墓碑 {o.id}", f"would lift the tombstones of {o.id}")

    def deed() -> str:
        erasures.readmit(call.engine, o.id, reason=o.reason, by=o.by, scope=call.scope)
        return str(o.id)

    call.do(deed)
    return Answer({"erasure_id": o.id}, f"删除 {o.id} 的墓碑已解除", f"the tombstones of {o.id} are lifted")


@dataclass
class _Kept:
    receipt: Mapping[str, Any]


def _erased(call: Call, sweep: Any) -> Answer:
    kept = _Kept({})

    def deed() -> str:
        kept.receipt = sweep()
        return str(kept.receipt["erasure_id"])

    call.do(deed)
    zh, _, en = receipt_text(kept.receipt).partition("\n\n")
    return Answer(dict(kept.receipt), zh, en)


def _old_value(call: Call, connection: Connection, record: Record) -> Any:
    """What the record's newest version says now. Raises CallRejected DS-NONE, DS-ERASED."""
    o = call.options
    contract = next((c for c in call.stores.contracts if c.source == record.source), None)
    entity = contract.entities.get(record.entity) if contract else None
    if entity is None:
        raise CallRejected("DS-NONE", detail=f"no source {record.source} of zone R with an entity {record.entity}")
    said = [
        c.attributes[o.attribute].column for c in entity.claims if c.entity == o.kind and o.attribute in c.attributes
    ]
    columns = [c for c in said if c] or ["source_record_id"]
    if o.attribute in IDENTITY and entity.identity is not None:
        columns = ["id_token", "id_mask"] if o.attribute == "id_number" else ["name_token", "name_mask"]
    text = fill(
        "select {{columns}} from {{table}} where source_record_id = $record and op = 'upsert' "
        "order by changed_at desc nulls last, content_hash desc limit 1",
        columns=joined([name(c if not said else staged_column(c)) for c in columns], ", "),
        table=staged(record.source, record.entity),
    )
    rows = connection.execute(text, {"record": record.record_id}).fetchall()
    if not rows:
        raise call.erased(record) or _none(record)
    if o.attribute in IDENTITY:
        return dict(zip(columns, rows[0], strict=True)) if entity.identity is not None else None
    return str(rows[0][0]) if said and rows[0][0] is not None else None


def _none(record: Record) -> CallRejected:
    return CallRejected("DS-NONE", detail=f"{record.source}: no such record of {record.entity}")


def _cleared(attribute: str, value: str, id_type: str | None, decisions: str) -> Mapping[str, str | None]:
    """Send a clear name or number through the edge and get its tokens back. Raises what the edge says."""
    asked = json.dumps({"attribute": attribute, "value": value, "id_type": id_type})
    environment = {**os.environ, "REGISTER_DECISIONS_URL": decisions}
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, *EDGE], input=asked, capture_output=True, text=True, cwd=ROOT, env=environment, check=False
    )
    if done.returncode and not done.stdout.startswith("{"):
        raise CallRejected("SC-CALL", detail=f"the edge ended with status {done.returncode}")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "code" in answer:
        raise CallRejected(answer["code"], detail=answer["detail"])
    return answer
