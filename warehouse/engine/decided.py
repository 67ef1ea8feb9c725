"""What people decided, as temporary tables of a build: judgements on pairs, corrections that still hold.

Read from the decision store through its own readers; without a store nothing was decided. A correction lets go once a
version of the corrected record that became known after it says the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from expectations.claims import vocabulary
from expectations.model import IDENTITY_COLUMNS
from expectations.sql import Sql, fill, name
from warehouse.decisions.access_log import AccessLog
from warehouse.decisions.corrections import IDENTITY, CorrectionRow, corrections_in_force
from warehouse.decisions.judgements import JudgementRow, judgements_in_force
from warehouse.decisions.scope import demand_whole
from warehouse.decisions.store import decisions_url, is_there, open_decisions
from warehouse.engine.claimed import claim_columns, claim_table
from warehouse.engine.connection import Connection

CORRECTED = 100  # the trust of a correction: above any a contract may give
# The identity columns that a present person keeps; the rest of them only the observation needs.
SHOWN = ("id_type", "id_check", "id_mask", "id_token", "name_mask", "name_flag")
_TOKENS = {"name": "name_token", "id_number": "id_token"}  # by which a corrected identity is compared


@dataclass(frozen=True)
class Decided:
    """The rows in force."""

    judgements: Sequence[JudgementRow] = ()
    corrections: Sequence[CorrectionRow] = ()
    ignored: list[str] = field(default_factory=list)


def decisions_beside(connection: Connection) -> str:
    """The decision store of an open warehouse: REGISTER_DECISIONS_URL, else `decisions.db` beside its file."""
    files = connection.execute(
        "select path from duckdb_databases() where database_name = current_database() and path is not null"
    ).fetchall()
    return decisions_url(Path(files[0][0]).absolute().parent if files else None)


def read_decisions(url: str, known: datetime | None = None) -> Decided:
    """What is in force; with `known`, what had been decided by then and still is. Nothing, where no store is there."""
    if not is_there(url):
        return Decided()
    engine = open_decisions(url)
    try:
        demand_whole(engine)
        AccessLog(engine).refuse_stale()
        judgements, corrections = judgements_in_force(engine), corrections_in_force(engine)
    finally:
        engine.dispose()
    return Decided(
        [j for j in judgements if known is None or j.made_at <= known],
        [c for c in corrections if known is None or c.at <= known],
    )


def load_judgements(connection: Connection, decided: Decided) -> None:
    """Make temp.judged_<kind>_pair (judgement_id, left_key, right_key, verdict) and temp.judged_house (obs_key)."""
    for kind in ("person", "house"):
        table = name(f"judged_{kind}_pair")
        connection.execute(fill(
            "create or replace temp table {{table}} "
            "(judgement_id varchar, left_key varchar, right_key varchar, verdict varchar)",
            table=table,
        ))  # fmt: skip
        rows = [_judged(j) for j in decided.judgements if j.kind == kind]
        if rows:
            connection.executemany(fill(
                "insert into {{table}} select $1, least(a, b), greatest(a, b), $2 from "
                "(select md5($3 || '|' || $4 || '|' || $5) as a, md5($6 || '|' || $7 || '|' || $8) as b)",
                table=table,
            ), rows)  # fmt: skip
    connection.execute(
        "create or replace temp table judged_house as select left_key as obs_key from judged_house_pair "
        "union select right_key from judged_house_pair"
    )


def _judged(row: JudgementRow) -> list[str]:
    return [row.judgement_id, row.verdict, row.left_source, row.left_entity, row.left_record_id, row.right_source,
            row.right_entity, row.right_record_id]  # fmt: skip


def apply_corrections(connection: Connection, decided: Decided) -> int:
    """Correct the present claims: identity in place, attributes as claims of the highest trust; how many were applied.

    What was applied stands in register.applied_correction, for the provenance.
    """
    connection.execute("delete from register.applied_correction")
    connection.execute(
        'create or replace temp table identity_column (obs_key varchar, correction_id varchar, "column" varchar, '
        "value varchar)"
    )
    applied = 0
    for row in decided.corrections:
        columns = claim_columns(vocabulary()[row.kind])
        cleared = json.loads(row.value) if row.attribute in IDENTITY and row.value else {}
        wanted = row.attribute in columns and row.attribute not in IDENTITY_COLUMNS
        if not wanted and not cleared:
            decided.ignored.append(row.correction_id)
        elif not _agreed(connection, row, cleared, columns):
            if cleared:
                _correct_identity(connection, row, cleared)
            else:
                _claim_correction(connection, row, columns[row.attribute])
            _note(connection, row, cleared)
            applied += 1
    connection.execute(
        "create or replace temp table identity_correction as select obs_key, "
        "string_agg(distinct correction_id, ' ' order by correction_id) as correction_ids "
        "from temp.identity_column group by obs_key"
    )
    return applied


def _note(connection: Connection, row: CorrectionRow, cleared: dict[str, Any]) -> None:
    mask = {"name": "name_mask", "id_number": "id_mask"}.get(row.attribute, row.attribute)
    connection.execute(
        "insert into register.applied_correction "
        "select $kind, claim_key($source, $entity, $record), $attribute, $value, $correction, $at",
        {**_record(row), "kind": row.kind, "attribute": mask, "value": cleared.get(mask) if cleared else row.value,
         "correction": row.correction_id, "at": row.at},
    )  # fmt: skip


def _agreed(connection: Connection, row: CorrectionRow, cleared: dict[str, Any], columns: dict[str, str]) -> bool:
    """Whether a version of the corrected record, known after the correction, says the same."""
    column = _TOKENS.get(row.attribute, row.attribute)
    found = connection.execute(
        fill(
            "select count(*) from {{claims}} where obs_key = claim_key($source, $entity, $record) "
            "and known_from > $at and {{column}} is not distinct from try_cast($value as {{kind}})",
            claims=claim_table(row.kind), column=name(column), kind=Sql(columns[column]),
        ),
        {**_record(row), "at": row.at, "value": cleared.get(column) if cleared else row.value},
    ).fetchall()  # fmt: skip
    return bool(found[0][0])


def _record(row: CorrectionRow) -> dict[str, str]:
    return {"source": row.source, "entity": row.entity, "record": row.record_id}


def _correct_identity(connection: Connection, row: CorrectionRow, cleared: dict[str, Any]) -> None:
    """Note the corrected columns for the observations, and put the masks where the person's own are shown."""
    facts = {**_record(row), "correction": row.correction_id}
    for column in (c for c in IDENTITY_COLUMNS if c in cleared):
        connection.execute(
            "insert into temp.identity_column "
            "select claim_key($source, $entity, $record), $correction, $column, $value",
            {**facts, "column": column, "value": cleared[column]},
        )
        if column in SHOWN:
            connection.execute(
                fill(
                    "update temp.present_person set {{column}} = $value "
                    "where obs_key = claim_key($source, $entity, $record) and source <> 'correction'",
                    column=name(column),
                ),
                {**_record(row), "value": cleared[column]},
            )


def correct_observations(connection: Connection, observations: Sql) -> None:
    """Put corrected names and numbers, as the tokens and masks the edge made of them, into a table of observations."""
    rows = connection.execute('select distinct "column" from temp.identity_column order by 1').fetchall()
    for (column,) in rows:
        connection.execute(
            fill(
                "update {{observations}} as observation set {{column}} = corrected.value "
                "from temp.identity_column as corrected "
                'where corrected.obs_key = observation.obs_key and corrected."column" = $column',
                observations=observations,
                column=name(column),
            ),
            {"column": column},
        )


def _claim_correction(connection: Connection, row: CorrectionRow, kind: str) -> None:
    connection.execute(
        fill(
            "insert into {{present}} (claim_id, obs_key, source, entity, source_record_id, content_hash, trust, op, "
            "changed_at, known_from, moment, first_at, first_known, ended, place, {{column}}) "
            "select $correction, present.obs_key, 'correction', 'correction', $correction, $correction, $trust, "
            "'upsert', $at, $at, $at, present.first_at, present.first_known, present.ended, "
            "register_order($trust, $at, 0, $correction), try_cast($value as {{kind}}) "
            "from {{present}} as present where present.obs_key = claim_key($source, $entity, $record) "
            "and present.source <> 'correction'",
            present=name("temp", f"present_{row.kind}"), column=name(row.attribute), kind=Sql(kind),
        ),
        {**_record(row), "correction": row.correction_id, "trust": CORRECTED, "at": row.at, "value": row.value},
    )  # fmt: skip
