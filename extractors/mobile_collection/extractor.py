"""Mobile collection (signed REST, gzip): by keyset on (upload_time, collect_id) until has_more is false.

A collection nests a dwelling, persons, vehicles and facilities. It is taken apart column by column, as this is
the largest source. `house` gets one row per collection, also where it names no dwelling, so that no cancellation
is lost; every nested object becomes a row of its own, numbered within its collection.

Flow: GET /collect/records -> landing/mobile_collection/{house,person,residence,vehicle,facility}
Alone: python -m extractors mobile_collection --begin 2022-11-01 --end 2022-11-02 --landing DIR
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from expectations.errors import SourceChanged, SourceLater
from extractors._kit.auth import LoopGuard
from extractors._kit.context import Context, Page
from extractors._kit.rest import Call, Http
from extractors._kit.signing import xtif_headers

Columns = Mapping[str, Sequence[Any]]

# Nested list -> the entities its objects become. A further one takes what its contract names, the first all that
# is left, so that drift is counted once.
NESTED = {"persons": ("person", "residence"), "vehicles": ("vehicle",), "facilities": ("facility",)}


def extract(ctx: Context) -> Iterator[Page]:
    """Yield the five entities, answer by answer."""
    for entity in ctx.source.entities:
        ctx.expect(entity, 0)
    with Http(ctx.connection, rate=ctx.source.rate) as http:
        for number, records in enumerate(_answers(ctx, http), 1):
            yield from _pages(ctx, f"page {number}", records)


def _answers(ctx: Context, http: Http) -> Iterator[list[Any]]:
    """The records of each answer. The wire states no total: has_more is what says that nothing is missing."""
    guard, last_id = LoopGuard(), ""
    for number in count(1):
        guard.check(last_id)
        body = _ask(ctx, http, last_id)
        yield body["records"]
        if str(body["has_more"]).lower() not in ("true", "1"):
            return
        if not body["records"]:
            raise SourceLater("EX-GAP", detail=f"page {number} is empty although more is announced")
        last_id = str(body.get("last_id") or "")


def _ask(ctx: Context, http: Http, last_id: str) -> dict[str, Any]:
    paasid, token = ctx.connection.credentials
    query = {
        "last_id": last_id,
        "limit": ctx.option("page_size"),
        "updated_since": ctx.window.begin_text,
        "updated_before": ctx.window.end_text,
    }

    def build() -> Call:
        return Call("GET", "/collect/records", query, xtif_headers(paasid, token), label="collect/records")

    body = http.send(build).json()
    if not isinstance(body, dict) or not isinstance(body.get("records"), list) or "has_more" not in body:
        raise SourceChanged("EX-SHAPE", detail="an answer without records and has_more")
    return body


def _pages(ctx: Context, place: str, records: list[Any]) -> Iterator[Page]:
    """One answer as a page per entity."""
    ctx.expect("house", len(records), add=True)
    collections = []
    for number, record in enumerate(records, 1):
        if isinstance(record, dict):
            collections.append(record)
        else:
            ctx.reject("house", f"{place}, record {number}", "DE-ROW")
    if not collections:
        return
    head = _table(collections)
    lists = {nested: head.pop(nested, ()) for nested in NESTED}
    shared = {**_table(_dwellings(head.pop("house", ()), len(collections))), **head}
    yield Page("house", columns=shared)
    for nested, held in lists.items():
        yield from _nested_pages(ctx, place, nested, held, shared)


def _dwellings(houses: Sequence[Any], rows: int) -> list[dict[str, Any]]:
    for house in houses:
        if house is not None and not isinstance(house, dict):
            raise SourceChanged("EX-SHAPE", detail="house is not an object")
    if not any(houses):  # nobody on this page was at a dwelling: house_id is empty then, not missing
        return [{"house_id": None}] * rows
    return [house or {} for house in houses]


def _nested_pages(ctx: Context, place: str, nested: str, lists: Sequence[Any], shared: Columns) -> Iterator[Page]:
    """The objects of one nested list, with what their contracts borrow from collection and dwelling."""
    found = _objects(ctx, place, nested, lists)
    if not found:
        return
    owners = [owner for owner, _, _ in found]
    own = _table([item for _, _, item in found])
    own["ordinal"] = [ordinal for _, ordinal, _ in found]
    declared = {entity: _declared(ctx, entity) for entity in NESTED[nested]}
    first, *further = NESTED[nested]
    left = set(own) - {name for entity in further for name in declared[entity]}
    for entity, names in declared.items():
        columns = {n: own[n] for n in own if n in names or (entity == first and n in left)}
        borrowed = [n for n in names if n in shared and n not in own]
        yield Page(entity, columns={**columns, **{n: [shared[n][o] for o in owners] for n in borrowed}})


def _declared(ctx: Context, entity: str) -> set[str]:
    return {column.name for column in ctx.contract.entities[entity].columns}


def _objects(ctx: Context, place: str, nested: str, lists: Sequence[Any]) -> list[tuple[int, str, dict[str, Any]]]:
    """(index of the collection, ordinal, object) of every nested object."""
    if not all(isinstance(held, list | None) for held in lists):
        raise SourceChanged("EX-SHAPE", detail=f"{nested} is not a list")
    numbered = ((owner, enumerate(held or (), 1)) for owner, held in enumerate(lists))
    found = [(owner, str(ordinal), item) for owner, items in numbered for ordinal, item in items]
    sound = [one for one in found if isinstance(one[2], dict)]
    for entity in NESTED[nested]:
        ctx.expect(entity, len(found), add=True)
        if len(sound) < len(found):
            for owner, ordinal, item in found:
                if not isinstance(item, dict):
                    ctx.reject(entity, f"{place}, record {owner + 1}, {nested} {ordinal}", "DE-ROW")
    return sound


def _table(rows: Sequence[dict[str, Any]]) -> dict[str, Sequence[Any]]:
    """Records as columns, one for every name that occurs."""
    return {name: [row.get(name) for row in rows] for name in set().union(*rows)}
