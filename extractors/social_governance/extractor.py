"""Social governance (read-only SQL views): rows by operation time, then the delete log of the same days.

A view is read in one snapshot together with its count. Only the contract's columns are selected; what else stands in
a view is handed on by name, so that the edge reports it. The delete log names a view and a key: its rows land as
tombstones of that view's entity.

Flow: v_pop_*, v_house_rental, v_building, v_grid, v_delete_log -> landing/social_governance/<entity>
Alone: python -m extractors social_governance --begin 2022-11-01 --end 2022-11-02 --landing DIR
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import compress
from typing import Any

from expectations.contract import Entity
from extractors._kit.context import Context, Page
from extractors._kit.sql import Block, Database, View

LOG = ("pk", "table_name", "del_time")
DELETED_AT = "deleted_at"  # ours, not the views': the contract declares it beside their columns


def extract(ctx: Context) -> Iterator[Page]:
    """The six views, then what was deleted from them."""
    views, log = ctx.option("views"), ctx.option("delete_log")
    with Database(ctx.connection, [*views.values(), log], block=ctx.option("block_rows"), note=ctx.note) as database:
        for entity in ctx.source.entities:
            yield from _rows(ctx, database, entity, views[entity])
        for block in database.changes(View(log, LOG, LOG[:2], LOG[2]), *_window(ctx)):
            yield from _tombstones(ctx, block, views)


def _window(ctx: Context) -> tuple[str, str]:
    return ctx.window.begin_text, ctx.window.end_text


def _rows(ctx: Context, database: Database, name: str, view: str) -> Iterator[Page]:
    """One view; its total is stated anew by every block, since a resumed reading has another snapshot."""
    entity = ctx.contract.entities[name]
    columns = tuple(c.name for c in entity.columns if c.name != DELETED_AT)
    for block in database.changes(View(view, columns, entity.key, str(entity.changed_at)), *_window(ctx)):
        ctx.expect(name, block.total)
        yield Page(name, columns=block.columns)


def _tombstones(ctx: Context, block: Block, views: dict[str, str]) -> Iterator[Page]:
    """A page per entity, also an empty one. A table that is none of our views is counted, not lost in silence."""
    keys, tables, times = (block.columns[name] for name in LOG)
    named = [str(table or "").strip().casefold() for table in tables]
    others = len(named)
    for name, view in views.items():
        hits = [table == view.casefold() for table in named]
        others -= sum(hits)
        yield _deletions(ctx, ctx.contract.entities[name], list(compress(keys, hits)), list(compress(times, hits)))
    if others:
        ctx.note("deletions_of_other_tables", others)


def _deletions(ctx: Context, entity: Entity, keys: list[Any], times: list[Any]) -> Page:
    """The deletions of one entity. One without its time cannot be told from a row that is in force: set aside."""
    ctx.expect(entity.name, len(keys), add=True)
    dated = [bool(str(time or "").strip()) for time in times]
    for _ in range(dated.count(False)):
        ctx.reject(entity.name, "delete log, no time", "DE-ROW")
    columns = {entity.key[0]: list(compress(keys, dated)), DELETED_AT: list(compress(times, dated))}
    return Page(entity.name, columns=columns, deletes=True)
