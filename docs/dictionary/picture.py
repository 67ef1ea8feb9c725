"""Lineage as a picture: relations in layers from the systems to the mart, drawn as SVG without a script.

Only what people know by name is drawn: records of systems, claims, register, prepared tables, marts, references. What
lies between is passed through. A full line carries a value or rows, a dashed one only decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from warehouse.lineage import Column, Lineage
from warehouse.lineage.parts import FILTER, JOIN, MEMBER, ROW, ROWS, VALUE
from warehouse.lineage.told import has_a_name

LAYERS = ("source", "claims", "register", "prepared", "marts", "target")
MERGED = ("reference", "quality")  # their tables are one box
HEIGHT, GAP = 44, 12  # of a box, between two of them; in pixels
PAGE, WIDE, NARROW, FEW = 1188, 190, 160, 5  # the page, a box where there are few layers and where there are more


@dataclass
class Box:
    """One relation; x and y are its upper left corner."""

    relation: str
    layer: str
    zone: str = ""
    x: int = 0
    y: int = 0


@dataclass
class Picture:
    """Boxes, and lines as (from, to, kind, path); width, height and that of a box in pixels."""

    boxes: list[Box] = field(default_factory=list)
    lines: list[tuple[str, str, str, str]] = field(default_factory=list)
    width: int = 0
    height: int = 0
    box: int = WIDE

    @property
    def letters(self) -> int:
        """Latin letters of the title that a box holds."""
        return (self.box - 18) // 8


def picture_of(lineage: Lineage, mart: str) -> Picture:
    """How a mart is made."""
    target = f"marts.{mart}"
    edges: dict[tuple[str, str], str] = {}
    left_out = lineage.left_out(target)
    queue, seen = [Column(target, c) for c in (ROWS, *lineage.columns[target])], set[Column]()
    while queue:
        here = queue.pop()
        if here in seen:
            continue
        seen.add(here)
        for column, kind in _visible(lineage, here):
            if column.relation in left_out:
                continue
            if _box(column.relation) != _box(here.relation):
                key = _box(column.relation), _box(here.relation)
                edges[key] = VALUE if VALUE in (kind, edges.get(key)) else kind
            if kind == VALUE:
                queue += [column, Column(column.relation, ROWS)]
    return _laid_out(lineage, edges, lambda r: "target" if r == target else layer_of(lineage, r))


def picture_of_all(lineage: Lineage, marts: Iterable[str]) -> Picture:
    """From the systems to the marts, each mart beside what it is made of."""
    edges: dict[tuple[str, str], str] = {}
    for mart in marts:
        for start, end, kind, _ in picture_of(lineage, mart).lines:
            if kind == VALUE:
                edges[_short(lineage, start), _short(lineage, end)] = VALUE
    drawn = {(a, b): k for (a, b), k in edges.items() if a != b}
    return _laid_out(lineage, drawn, lambda r: "source" if r in lineage.contracts else layer_of(lineage, r))


def layer_of(lineage: Lineage, relation: str) -> str:
    """The layer of a relation; an empty word for one that is not drawn."""
    schema, _, table = relation.partition(".")
    if schema in lineage.contracts or schema in MERGED:
        return "source"
    if not has_a_name(relation):
        return ""
    if schema == "marts" and table.startswith(("dim_", "ref_")):
        return "register"  # read by what follows
    return schema


def _box(relation: str) -> str:
    """The box a relation is drawn in."""
    schema = relation.partition(".")[0]
    return schema if schema in MERGED else relation


def _short(lineage: Lineage, relation: str) -> str:
    """A system for its records, in the picture of everything."""
    source = relation.partition(".")[0]
    return source if source in lineage.contracts else relation


def _visible(lineage: Lineage, start: Column) -> set[tuple[Column, str]]:
    """The nearest drawn columns that a column depends on, through those that are not drawn."""
    found: set[tuple[Column, str]] = set()
    told = start.relation.startswith(("marts.", "prepared."))
    queue, seen = [(d.column, d.kind) for d in lineage.into(start)], set[Column]()
    while queue:
        column, kind = queue.pop()
        decides = kind in (FILTER, JOIN)
        if kind == MEMBER or (decides and not told):
            continue
        if layer_of(lineage, column.relation):
            found.add((column, FILTER if decides else VALUE))
        elif column not in seen:
            seen.add(column)
            queue += [(d.column, kind if decides else d.kind) for d in lineage.into(column) if d.kind in (VALUE, ROW)]
    return found


def _laid_out(lineage: Lineage, edges: dict[tuple[str, str], str], layer: Callable[[str], str]) -> Picture:
    relations = sorted({r for pair in edges for r in pair})
    columns: dict[str, list[Box]] = defaultdict(list)
    for relation in relations:
        contract = lineage.contracts.get(relation.partition(".")[0])
        columns[layer(relation)].append(Box(relation, layer(relation), contract.zone if contract else ""))
    used = [name for name in LAYERS if columns.get(name)]
    _ordered(columns, used, edges)
    tallest = max((len(columns[name]) for name in used), default=0)
    box_width = WIDE if len(used) <= FEW else NARROW
    lane = (PAGE - len(used) * box_width) // max(3, len(used) - 1)
    picture = Picture(
        width=len(used) * (box_width + lane) - lane + 2, height=tallest * (HEIGHT + GAP) - GAP + 2, box=box_width
    )
    for number, name in enumerate(used):
        free = picture.height - 2 - (len(columns[name]) * (HEIGHT + GAP) - GAP)
        for place, box in enumerate(columns[name]):
            box.x, box.y = number * (box_width + lane) + 1, free // 2 + place * (HEIGHT + GAP) + 1
            picture.boxes.append(box)
    at = {box.relation: box for box in picture.boxes}
    picture.lines = [(a, b, kind, _path(at[a], at[b], box_width)) for (a, b), kind in sorted(edges.items())]
    return picture


def _ordered(columns: dict[str, list[Box]], used: list[str], edges: dict[tuple[str, str], str]) -> None:
    """Each layer in the order of what it is joined with: fewer lines cross. A few sweeps to and fro settle it."""
    joined: dict[str, list[str]] = defaultdict(list)
    for start, end in edges:
        joined[start].append(end)
        joined[end].append(start)
    for sweep in range(6):
        for name in used if sweep % 2 else reversed(used):
            place = {b.relation: i / max(1, len(columns[n]) - 1) for n in used for i, b in enumerate(columns[n])}
            columns[name].sort(
                key=lambda b: (b.relation in MERGED, _mean([place[r] for r in joined[b.relation]]), b.relation)
            )


def _mean(places: list[float]) -> float:
    return sum(places) / len(places) if places else 0.5


def _path(start: Box, end: Box, width: int) -> str:
    """A curve from the right side of one box to the left side of another; within a layer a bow beside it."""
    y1, y2 = start.y + HEIGHT // 2, end.y + HEIGHT // 2
    if start.x == end.x:
        x = start.x + width
        return f"M{x} {y1}C{x + 40} {y1} {x + 40} {y2} {x} {y2}"
    x1, x2 = start.x + width, end.x
    middle = (x1 + x2) // 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
