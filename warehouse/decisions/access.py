"""Subject access: everything held of one resident, from which source and since when, and every look at it.

Reads staged versions with their labels and findings, clear names and numbers from the vault, decisions and the access
log. Tokens that only serve matching are counted, not shown: they say nothing to the resident.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine

from expectations.model import IDENTITY_COLUMNS, Column, Contract, Entity
from expectations.relations import LINEAGE, acceptance, staged, staged_column, table_name
from expectations.sql import fill
from warehouse.decisions.corrections import correction_history
from warehouse.decisions.judgements import Record, judgement_history
from warehouse.decisions.landing_sweep import vault_columns
from warehouse.decisions.subjects import Subject
from warehouse.decisions.vault import Vault, VaultEntryMissing, VaultUnreadable
from warehouse.engine.connection import Connection

CLEAR = {"id_token": "number", "name_token": "name"}
FACETS = ("id_type", "id_check", "id_birth", "id_sex", "id_division")


def compile_access(
    connection: Connection, contracts: Sequence[Contract], engine: Engine, vault: Vault, subject: Subject
) -> dict[str, Any]:
    """What is held, JSON-ready: records with their versions, findings, corrections and judgements."""
    by_source = {contract.source: contract for contract in contracts}
    records = [_record(connection, by_source[r.source], vault, r) for r in subject.records]
    mentioned = set(subject.records)
    return {
        "records": [record for record in records if record["versions"]],
        "corrections": [
            _plain(row._asdict())
            for row in correction_history(engine)
            if Record(row.source, row.entity, row.record_id) in mentioned
        ],
        "judgements": [
            _plain(row._asdict())
            for row in judgement_history(engine)
            if mentioned & {Record(*row[2:5]), Record(*row[5:8])}
        ],
    }


def access_text(answer: Mapping[str, Any], lang: str) -> str:
    """The same to read out, in Chinese or English."""
    zh = lang == "zh"
    lines: list[str] = []
    for record in answer["records"]:
        lines.append(f"{record['source_title'][lang]} · {record['title'][lang]} · {record['record_id']}")
        for version in record["versions"]:
            since = f"{'自' if zh else 'since '}{version['known_from']}"
            seen = f"{'最近一次送达 ' if zh else 'last delivered '}{version['seen_at']}"
            lines.append(
                f"  {version['op']}  {since}  {seen}  {version['label'] or ('未判定' if zh else 'not judged')}"
            )
            lines += [f"    {field[lang]}：{field['value']}" for field in version["fields"]]
        lines += [f"  ! {f['rule']} {f['status']} {f['first_seen']}–{f['last_seen']}" for f in record["findings"]]
    for kind, words in (("corrections", ("更正", "correction")), ("judgements", ("人工判定", "judgement"))):
        lines += [f"{words[0 if zh else 1]}：{_line(row)}" for row in answer[kind]]
    lines.append("查阅记录：" if zh else "looks:")
    lines += [
        f"  {e['at'][:19]}  {e['who']} ({e['role']})  {e['action']}  {e['purpose']}  {e['outcome']}"
        for e in answer["looks"]
    ]
    return "\n".join(lines)


def _record(connection: Connection, contract: Contract, vault: Vault, record: Record) -> dict[str, Any]:
    entity = contract.entities[record.entity]
    labels = _labels(connection, record)
    return {
        "source": record.source, "entity": record.entity, "record_id": record.record_id,
        "source_title": vars(contract.title), "title": vars(entity.title),
        "versions": [_version(contract, vault, record, row, labels) for row in _versions(connection, record)],
        "findings": _findings(connection, record),
    }  # fmt: skip


def _version(
    contract: Contract, vault: Vault, record: Record, row: Mapping[str, Any], labels: Mapping[str, str]
) -> dict[str, Any]:
    entity = contract.entities[record.entity]
    known = set(vault_columns(entity))
    fields = []
    for column in entity.landed():
        value = row.get(staged_column(column.name))
        shown = column.name in known or column.name in FACETS or column.name not in IDENTITY_COLUMNS
        if value is not None and shown:
            clear = _clear(vault, str(value)) if column.name in known else str(value)
            fields.append({"column": CLEAR.get(column.name, column.name), **_title(entity, column), "value": clear})
    hidden = sum(row.get(c) is not None for c in IDENTITY_COLUMNS if c.endswith("_token") and c not in known)
    moments = {name: str(row[name]) for name in ("known_from", "seen_at", "changed_at")}
    return {**moments, "op": row["op"], "label": labels.get(row["content_hash"]), "fields": fields, "tokens": hidden}


def _title(entity: Entity, column: Column) -> dict[str, str]:
    """The column's title; of a clear name or number that of the field it came from."""
    identity = entity.identity
    if identity is not None and column.name in CLEAR:
        column = entity.column(identity.number if column.name == "id_token" else identity.name[0])
    return vars(column.title)


def _versions(connection: Connection, record: Record) -> list[dict[str, Any]]:
    if not _there(connection, "staging", table_name(record.source, record.entity)):
        return []
    text = fill(
        "select * from {{table}} where source_record_id = $record order by known_from, changed_at, content_hash",
        table=staged(record.source, record.entity),
    )
    return _dictionaries(connection, text, {"record": record.record_id})


def _labels(connection: Connection, record: Record) -> dict[str, str]:
    if not _there(connection, "acceptance", table_name(record.source, record.entity)):
        return {}
    table = acceptance(record.source, record.entity)
    text = fill("select content_hash, label from {{table}} where source_record_id = $record", table=table)
    return dict(connection.execute(text, {"record": record.record_id}).fetchall())


def _findings(connection: Connection, record: Record) -> list[dict[str, Any]]:
    if not _there(connection, "quality", "quarantine"):
        return []
    text = (
        "select rule, status, first_seen, last_seen, masked_value from quality.quarantine "
        "where source = $source and entity = $entity and source_record_id = $record order by first_seen, rule"
    )
    return _dictionaries(connection, text, {**record._asdict(), "record": record.record_id})


def _dictionaries(connection: Connection, text: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    parameters = {k: v for k, v in parameters.items() if f"${k}" in text and k != "record_id"}
    cursor = connection.execute(text, parameters)
    names = [d[0] for d in cursor.description]
    return [_plain(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _there(connection: Connection, schema: str, table: str) -> bool:
    parameters = {"schema": schema, "table": table}
    text = "select 1 from duckdb_tables() where schema_name = $schema and table_name = $table"
    return bool(connection.execute(text, parameters).fetchall())


def _clear(vault: Vault, token: str) -> str:
    """What the vault holds; a token without an entry is shown as what it is."""
    try:
        return vault.reveal(token)
    except VaultEntryMissing:
        return token
    except VaultUnreadable as error:
        return f"({error})"


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat(sep=" ") if isinstance(v, datetime) else str(v) if isinstance(v, date) else v
            for k, v in row.items()}  # fmt: skip


def _line(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}={v}" for k, v in row.items() if v is not None and k not in LINEAGE)
