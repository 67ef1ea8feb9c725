"""The office's side as commands: judge, revoke, scope, rotate-key, migrate, verify, log."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from expectations.errors import CallRejected
from warehouse.decisions import journal
from warehouse.decisions import rotate as rotating
from warehouse.decisions.access_log import AccessLog, refuse_faults
from warehouse.decisions.call import Answer, Call
from warehouse.decisions.corrections import revoke_correction
from warehouse.decisions.judgements import Record, judge, revoke_judgement
from warehouse.decisions.keys import LOOK, Keyed
from warehouse.decisions.place import community_of_pair
from warehouse.decisions.scope import grant_scope, scopes, withdraw_scope
from warehouse.decisions.shown import shown
from warehouse.decisions.sign_offs import revoke_sign_off
from warehouse.decisions.store import HEAD, open_engine, revision, settle
from warehouse.decisions.subjects import no_record
from warehouse.decisions.vault import Vault
from warehouse.decisions.waivers import revoke_waiver
from warehouse.engine.connection import open_warehouse


def judge_pair(call: Call) -> Answer:
    """A verdict on two observations."""
    o = call.options
    one, other = Record.parse(o.one), Record.parse(o.other)
    for record in (one, other):
        if error := call.erased(record):
            raise error
    call.name([one, other])
    call.keep_within(community_of_pair(o.warehouse, [one, other], o.wait), no_record(one))
    with open_warehouse(o.warehouse, wait=o.wait) as connection:
        pair = [shown(connection, call.stores.contracts, o.kind, record) for record in (one, other)]
    both = "\n".join(pair)
    if call.dry_run or not _agreed(f"{both}\n{o.verdict}? [y/N] ", o.yes):
        call.log("planned")
        facts = {"verdict": o.verdict, "records": pair}
        return Answer(facts, f"{both}\n将判定：{o.verdict}", f"{both}\nwould judge: {o.verdict}")
    superseded: list[str] = []

    def deed() -> str:
        made = judge(call.engine, o.kind, one, other, o.verdict, reason=o.reason, by=o.by, community=call.community)
        superseded.extend([made.superseded] if made.superseded else [])
        return made.judgement_id

    made = call.do(deed)
    zh = f"{both}\n判定 {made} 已生效" + (f"，取代 {superseded[0]}" if superseded else "")
    en = f"{both}\njudgement {made} is in force" + (f", superseding {superseded[0]}" if superseded else "")
    facts = {"judgement_id": made, "superseded": superseded[0] if superseded else None, "records": pair}
    return Answer(facts, zh, en)


def _agreed(question: str, given: bool) -> bool:
    """Whether who sits at a terminal agrees to what is shown; a script has agreed by being one."""
    return given or not sys.stdin.isatty() or input(question).strip().lower() in ("y", "yes", "是")


def revoke(call: Call) -> Answer:
    """Take back a judgement, correction, waiver or sign-off by its id."""
    o = call.options
    call.subject = f"{o.what}:{o.id}"
    if call.dry_run:
        call.log("planned")
        return Answer({"id": o.id}, f"将撤回 {o.id}", f"would revoke {o.id}")

    def deed() -> str:
        if o.what == "waiver":
            revoke_waiver(call.engine, o.id, by=o.by, scope=call.scope)
        elif o.what == "sign-off":
            revoke_sign_off(call.engine, o.id, by=o.by)
        else:
            take_back = revoke_judgement if o.what == "judgement" else revoke_correction
            take_back(call.engine, o.id, reason=o.reason, by=o.by, scope=call.scope)
        return str(o.id)

    call.do(deed)
    return Answer({"id": o.id}, f"{o.id} 已撤回", f"{o.id} is revoked")


def rotate_key(call: Call) -> Answer:
    """Seal the vault under the new REGISTER_VAULT_KEY; REGISTER_VAULT_KEY_OLD opens it."""
    if call.options.token:
        call.log("refused")
        raise CallRejected("DS-ROTATE", detail="REGISTER_TOKEN_KEY")
    vault, old = Vault.open(call.options.decisions), rotating.old_key()
    if call.dry_run:
        planned = rotating.rotate(call.engine, vault, old, dry_run=True)
        call.log("planned")
        return _rotated(planned, "将更换", "would rotate")
    made: list[rotating.Rotated] = []
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("rotate-key")

        def deed() -> str:
            made.append(rotating.rotate(
                call.engine, vault, old, progress=lambda done, total: bar.update(task, completed=done, total=total)
            ))  # fmt: skip
            return vault.key_id

        call.do(deed)
    return _rotated(made[0], "已更换", "rotated")


def set_scope(call: Call) -> Answer:
    """Grant communities to a login, withdraw them, or list who has which."""
    o = call.options
    if o.deed != "list" and not o.dry_run:

        def deed() -> str:
            if o.deed == "grant":
                grant_scope(call.engine, o.login, o.community, by=o.by)
            else:
                withdraw_scope(call.engine, o.login, o.community)
                withdrawn = {("scope", o.login, community) for community in o.community}
                journal.forget(call.engine, lambda key, _: key in withdrawn)
            return f"{o.deed} {o.login} {' '.join(o.community)}"

        call.do(deed)
    else:
        call.log("planned" if o.dry_run else "answered")
    held = scopes(call.engine)
    lines = "\n".join(f"{row['login']}  {row['community_code']}" for row in held) or "—"
    return Answer({"scope": held}, lines, lines)


def migrate(call: Call) -> Answer:
    """Bring the tables to this version's revision."""
    engine = open_engine(call.options.decisions)
    before = revision(engine)
    if call.dry_run:
        engine.dispose()
        return Answer({"revision": before, "head": HEAD}, f"{before or '—'} → {HEAD}", f"{before or 'none'} -> {HEAD}")
    settle(engine)
    engine.dispose()
    call.log(f"{before or 'none'} -> {HEAD}")
    return Answer({"before": before, "revision": HEAD}, f"决策库已是版本 {HEAD}", f"the store is at revision {HEAD}")


def verify(call: Call) -> Answer:
    """Follow the access log's chain and hold it against its anchors. Raises SourceChanged DS-CHAIN."""
    found = AccessLog(call.engine).verify()
    call.log("intact" if not found.faults else f"{len(found.faults)} faults")
    refuse_faults(found)
    facts = {"rows": found.rows, "head": found.head, "anchored": found.anchored}
    waiting = found.rows - found.anchored
    zh, en = f"{found.rows} 行，链与锚一致", f"{found.rows} rows, chain and anchors agree"
    if waiting:
        zh, en = f"{zh}；{waiting} 行尚未入锚", f"{en}; {waiting} not yet anchored"
    return Answer(facts, zh, en)


def show_log(call: Call) -> Answer:
    """The auditor's view: the last rows, or those about one record."""
    o = call.options
    wanted = None
    if o.record:
        call.name([Record.parse(o.record)])
        wanted = [Keyed.from_env(LOOK).record(*Record.parse(o.record))[:32]]
    call.log("answered")
    rows = AccessLog(call.engine).entries(wanted)[-o.last :]
    facts = {"rows": [row._asdict() for row in rows]}
    lines = "\n".join(
        f"{r.seq}  {r.at[:19]}  {r.who} ({r.role})  {r.action}  {r.purpose}  {r.outcome}  {r.subject[:32]}"
        for r in rows
    )
    return Answer(facts, lines, lines)


def _rotated(found: rotating.Rotated, zh: str, en: str) -> Answer:
    facts = {"rotated": found.rotated, "already": found.already}
    return Answer(
        facts, f"{zh} {found.rotated} 条，此前已换 {found.already} 条", f"{en} {found.rotated}, {found.already} before"
    )
