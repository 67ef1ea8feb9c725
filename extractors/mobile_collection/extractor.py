"""Mobile collection (signed REST, gzip): by keyset on (upload_time, collect_id) until has_more is false.

A collection nests a dwelling, persons, vehicles and facilities. It is taken apart column by column, as this is
the largest source. `house` gets one row per collection, also where it names no dwelling, so that no cancellation
is lost; every nested object becomes a row of its own, numbered within its collection.

Flow: GET /collect/records -> landing/mobile_collection/{house,person,residence,vehicle,facility}
Alone: python -m extractors mobile_collection --begin 2022-11-01 --end 2022-11-02 --landing DIR
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, compress, count
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
    collections = _collections(records)
    if len(collections) < len(records):
        kept = set(map(id, collections))
        for number, record in enumerate(records, 1):
            if id(record) not in kept:
                ctx.reject("house", f"{place}, record {number}", "DE-ROW")
    if not collections:
        return
    declared = _declared(ctx, "house")
    head = _table(collections, declared | {"house", *NESTED})
    lists = {nested: head.pop(nested, ()) for nested in NESTED}
    home = _table(_dwellings(head.pop("house", ()), len(collections)), declared)
    shared = head | {n: v for n, v in home.items() if n not in head}
    yield Page("house", columns=shared)
    lendable = {name: shared[name] for name in declared & shared.keys()}
    for nested, held in lists.items():
        yield from _nested_pages(ctx, place, nested, held, lendable)


def _collections(records: list[Any]) -> list[dict[str, Any]]:
    """The records that are as agreed; all objects, if none is: the source has changed, and their columns say how."""
    objects = [record for record in records if isinstance(record, dict)]
    # A column at a time first: nearly always nothing is wrong, and a look at each record costs ten times as much.
    kinds = {"house": dict, **dict.fromkeys(NESTED, list)}
    if all(_all_are(kind, [o.get(name) for o in objects]) for name, kind in kinds.items()):
        return objects
    return list(filter(_is_collection, objects)) or objects


def _is_collection(record: Mapping[str, Any]) -> bool:
    """Whether the dwelling is an object and each nested list a list, where they are there at all."""
    house = record.get("house")
    nested = map(record.get, NESTED)
    return (house is None or isinstance(house, dict)) and all(n is None or isinstance(n, list) for n in nested)


def _dwellings(houses: Sequence[Any], rows: int) -> list[dict[str, Any]]:
    if not _all_are(dict, houses):
        raise SourceChanged("EX-SHAPE", detail="house is not an object")
    if not any(houses):  # nobody on this page was at a dwelling: house_id is empty then, not missing
        return [{"house_id": None}] * rows
    return [house or {} for house in houses]


def _nested_pages(ctx: Context, place: str, nested: str, lists: Sequence[Any], lendable: Columns) -> Iterator[Page]:
    """The objects of one nested list, with what their contracts borrow from collection and dwelling."""
    owners, ordinals, items = _objects(ctx, place, nested, lists)
    if not items:
        return
    declared = {entity: _declared(ctx, entity) for entity in NESTED[nested]}
    wanted = set().union(*declared.values())
    own = _table(items, wanted)
    own["ordinal"] = ordinals
    borrowed = {n: list(map(lendable[n].__getitem__, owners)) for n in wanted & lendable.keys() - own.keys()}
    first, *further = NESTED[nested]
    left = set(own) - {name for entity in further for name in declared[entity]}
    for entity, names in declared.items():
        taken = names | left if entity == first else names
        yield Page(entity, columns={n: v for n, v in {**borrowed, **own}.items() if n in taken})


def _objects(
    ctx: Context, place: str, nested: str, lists: Sequence[Any]
) -> tuple[list[int], list[str], list[dict[str, Any]]]:
    """Of every nested object the index of its collection, its ordinal there, and itself."""
    if not _all_are(list, lists):
        raise SourceChanged("EX-SHAPE", detail=f"{nested} is not a list")
    held = [items or () for items in lists]
    found = list(chain.from_iterable(held))
    owners = [owner for owner, items in enumerate(held) for _ in items]
    ordinals = [str(ordinal) for items in held for ordinal in range(1, len(items) + 1)]
    for entity in NESTED[nested]:
        ctx.expect(entity, len(found), add=True)
    if {*map(type, found)} <= {dict}:
        return owners, ordinals, found
    sound = [isinstance(item, dict) for item in found]
    for owner, ordinal in compress(zip(owners, ordinals, strict=True), (not s for s in sound)):
        for entity in NESTED[nested]:
            ctx.reject(entity, f"{place}, record {owner + 1}, {nested} {ordinal}", "DE-ROW")
    return list(compress(owners, sound)), list(compress(ordinals, sound)), list(compress(found, sound))


def _declared(ctx: Context, entity: str) -> set[str]:
    return {column.name for column in ctx.contract.entities[entity].columns}


def _all_are(kind: type, values: Sequence[Any]) -> bool:
    return {*map(type, values)} <= {kind, type(None)}


def _table(rows: Sequence[dict[str, Any]], declared: set[str]) -> dict[str, Sequence[Any]]:
    """Records as columns. Of a field nobody declares the kit wants the name only, so its values are not moved."""
    names = [*rows[0]]
    table: dict[str, Sequence[Any]]
    if all(map(names.__eq__, map(list, rows))):  # alike, as they nearly always are: transposed whole
        table = dict(zip(names, zip(*map(dict.values, rows), strict=True), strict=True))
        return {name: table[name] if name in declared else () for name in names}
    found = set().union(*rows)
    table = {name: [row.get(name) for row in rows] for name in found & declared}
    return table | dict.fromkeys(found - declared, ())
