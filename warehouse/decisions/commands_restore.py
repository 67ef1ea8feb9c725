"""After a restore: `restore-check` says what a restored store lacks, `reapply` puts it back and sweeps again.

Flow: rows of the journal -> erasures of the receipts -> rows of the access log from its anchors; until the last of
them the store stays closed (OP-STALE), so a kill on the way is mended by the same command -> every erasure in force
once more over landing zone, warehouse and vault.
"""

from __future__ import annotations

import json
from typing import Any

from expectations.errors import PipelineError, SourceChanged
from warehouse.decisions import erase as erasing
from warehouse.decisions import erasures, journal
from warehouse.decisions.access_log import AccessLog
from warehouse.decisions.call import Answer, Call
from warehouse.decisions.corrections import corrections_in_force
from warehouse.decisions.judgements import judgements_in_force
from warehouse.decisions.receipts import read_receipts
from warehouse.decisions.scope import demand_whole
from warehouse.decisions.store_sweep import restored_tokens
from warehouse.decisions.tombstones import tombstones_in_force


def reapply(call: Call) -> Answer:
    """After a restore: bring back what was decided since, and apply every erasure in force to what was restored."""
    demand_whole(call.engine)
    log = AccessLog(call.engine)
    lost = [r for r in read_receipts(call.stores.receipts) if not _known(call, str(r["erasure_id"]))]
    facts: dict[str, Any] = {"rows": len(journal.missing(call.engine))}
    if call.dry_run:
        facts |= {"restored": len(lost), **_in_force(call)}
        if not _is_stale(log):  # a closed store takes no line
            call.log("planned")
        return Answer(facts, json.dumps(facts), json.dumps(facts))
    journal.restore(call.engine)
    for receipt in lost:
        erasures.restore(call.engine, receipt)
    facts["restored"] = len(lost)
    facts["log_rows"] = log.bring_back()
    facts |= _in_force(call)

    def deed() -> str:
        for row in erasures.erasures_in_force(call.engine):
            erasing.run_erasure(call.stores, row.erasure_id, again=True, wait=call.options.wait)
        return ""

    call.do(deed)
    zh = f"补回 {facts['rows']} 行决定、{facts['log_rows']} 行访问日志；重新执行 {facts['erasures']} 项删除；"
    zh += f"更正 {facts['corrections']} 项在下次建库时生效"
    en = f"{facts['rows']} decisions and {facts['log_rows']} log rows brought back; {facts['erasures']} erasures "
    en += f"applied again; {facts['corrections']} corrections act on the next build"
    return Answer(facts, zh, en)


def restore_check(call: Call) -> Answer:
    """Whether anything restored still lacks what was decided since. Raises SourceChanged OP-STALE with the counts."""
    demand_whole(call.engine)
    log = AccessLog(call.engine)
    receipts = read_receipts(call.stores.receipts)
    counts = {
        "log": int(_is_stale(log)),
        "decisions": len(journal.missing(call.engine)),
        "receipts": sum(not _known(call, str(r["erasure_id"])) for r in receipts),
        **_left(call),
    }
    found = {place: count for place, count in counts.items() if count}
    if not counts["log"]:
        call.log("stale" if found else "intact")
    if found:
        raise SourceChanged("OP-STALE", detail=", ".join(f"{place} {count}" for place, count in sorted(found.items())))
    return Answer({"stale": counts}, "没有缺失，可以开放", "nothing is missing; it may be opened")


def _left(call: Call) -> dict[str, int]:
    """What the stores still hold of those whose erasure was done, by place; an ordered one waits for its sweep."""
    done = [row.erasure_id for row in erasures.erasures_in_force(call.engine) if row.state == erasures.DONE]
    tombstones = tombstones_in_force(call.engine, done)
    left = erasing.held_of(call.stores, tombstones, call.options.wait) if tombstones else {}
    return {**left, "vault": len(restored_tokens(call.engine, tombstones)) if tombstones else 0}


def _in_force(call: Call) -> dict[str, int]:
    return {
        "erasures": len(erasures.erasures_in_force(call.engine)),
        "corrections": len(corrections_in_force(call.engine)),
        "judgements": len(judgements_in_force(call.engine)),
    }


def _known(call: Call, erasure_id: str) -> bool:
    return any(row.erasure_id == erasure_id for row in erasures.erasures(call.engine))


def _is_stale(log: AccessLog) -> bool:
    try:
        log.refuse_stale()
    except PipelineError:
        return True
    return False
