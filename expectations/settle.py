"""Writes what labelling found: figures, incidents, and, unless the source is held, what is accepted."""

from __future__ import annotations

from expectations.desk import Desk
from expectations.errors import SourceChanged
from expectations.label import Labelled, newest_change
from expectations.model import Entity
from expectations.relations import acceptance, staged
from expectations.sql import Sql, fill, statement
from expectations.verdict import EntityFigures


def count_entity(desk: Desk, source: str, entity: Entity, labelled: Labelled) -> EntityFigures:
    """The conservation figures of an entity. Raises SourceChanged LO-LEDGER for a row that nothing explains."""
    table, versions = acceptance(source, entity.name), staged(source, entity.name)
    row = desk.one(
        statement("figures", staged=versions, changed=newest_change(entity.changed_at)), everything=labelled.everything
    )
    figures = EntityFigures(
        staged=row[0], rows_new=row[1], accepted=row[2], quarantined=row[3], withdrawn=row[4], rows_current=row[5],
        quarantined_current=row[6], newest_change=row[7], emptied=row[8], emptied_current=row[9],
    )  # fmt: skip
    figures.known = 0 if labelled.everything else _known(desk, table, versions, figures)
    [(figures.noted_current,)] = desk.run(statement("noted"))
    _balance(desk, entity.name, figures)
    return figures


def _known(desk: Desk, table: Sql, versions: Sql, figures: EntityFigures) -> int:
    """How many staged versions an earlier run has judged; those staging took back count no longer."""
    judged = fill("select count(*) from {{table}} as known where judged_run <> $run_no", table=table)
    [(known,)] = desk.run(judged)
    if known + figures.rows_new == figures.staged:
        return int(known)
    still = "{{judged}} and known.content_hash in (select content_hash from {{versions}})"
    [(known,)] = desk.run(fill(still, judged=judged, versions=versions))
    return int(known)


def _balance(desk: Desk, entity: str, figures: EntityFigures) -> None:
    """staged = known + new, new = accepted + quarantined + withdrawn, and the ledger of the loads agrees."""
    labelled = figures.accepted + figures.quarantined + figures.withdrawn
    [(loaded,)] = desk.run(Sql(
        'select coalesce(sum("new" + coalesce(closed, 0) + coalesce("returned", 0)), 0)::bigint from ledger.load '
        "where source = $source and entity = $entity"
    ))  # fmt: skip
    if figures.rows_new != labelled or figures.staged != figures.known + figures.rows_new or figures.staged != loaded:
        raise SourceChanged(
            "LO-LEDGER",
            detail=f"{entity}: {loaded} loaded, {figures.staged} staged, {figures.known} judged before, "
            f"{figures.rows_new} new, {labelled} labelled",
        )


def write_incidents(desk: Desk, source: str, entity: str) -> None:
    """Bring the quarantine in line with what was found."""
    desk.run(statement("quarantine_see"))
    # Before `quarantine_open`, which adds no open incident that this run does not see.
    unseen = desk.run(statement("quarantine_unseen"))
    desk.run(statement("quarantine_open"))  # before the next: it reads since when a record has failed
    if unseen:
        desk.run(statement("quarantine_resolve", staged=staged(source, entity)))


def undo_incidents(desk: Desk) -> None:
    """Take back what an earlier attempt of this run wrote."""
    for file in ("quarantine_undo_opened", "quarantine_undo_resolved", "quarantine_undo_seen"):
        desk.run(statement(file))


def accept(desk: Desk, source: str, entity: str, labelled: Labelled, figures: EntityFigures) -> None:
    """Release the entity: every judged version gets its label, every record its accepted version."""
    table, versions = acceptance(source, entity), staged(source, entity)
    if labelled.everything:
        desk.run(fill("delete from {{table}}", table=table))
        desk.run(statement("accept_new", acceptance=table, staged=versions, is_fresh=Sql("true")))
    else:
        desk.run(statement("accept_again", acceptance=table))
        # What an earlier attempt of this run accepted has its label from accept_again.
        is_fresh = fill(
            "staged.content_hash in (select content_hash from fresh)"
            " and staged.content_hash not in (select content_hash from {{table}})",
            table=table,
        )
        desk.run(statement("accept_new", acceptance=table, staged=versions, is_fresh=is_fresh))
        if _rows(desk, table) > figures.staged:
            desk.run(statement("accept_gone", acceptance=table, staged=versions))
    if figures.quarantined_current and labelled.histories:
        desk.run(statement("accept_last_good", acceptance=table, staged=versions))
    _verify(desk, entity, table, figures)


def _verify(desk: Desk, entity: str, table: Sql, figures: EntityFigures) -> None:
    """The acceptance holds each staged version once. Raises SourceChanged LO-LEDGER."""
    if (rows := _rows(desk, table)) != figures.staged:
        raise SourceChanged("LO-LEDGER", detail=f"{entity}: {figures.staged} staged, {rows} labelled")


def _rows(desk: Desk, table: Sql) -> int:
    return int(desk.one(fill("select count(*) from {{table}}", table=table))[0])
