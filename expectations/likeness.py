"""Likeness: are the fields and the records of tonight those of the nights before.

Every column is filled as it was, no field is sent that nobody declared, and a source neither names all its records anew
nor ends them all. Judged against each entity's own past, for every source and zone, without a line in a contract. What
is as ever leaves no outcome; a handful of rows, or a past of a few nights, says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from expectations.bounds import ENOUGH, HISTORY, SMALL, Bound
from expectations.desk import Desk
from expectations.model import Check, Column, Contract, Entity, Text
from expectations.relations import acceptance, staged, staged_column, table_name
from expectations.sql import Sql, fill, joined, name, statement, values
from expectations.verdict import FLAGGED, HELD, WAIVED, Outcome, Waiver

DECLARED, KEYS, STANDING = "fields_are_declared", "keys_are_kept", "records_stay"
IDENTITY = ("id_token", "name_token")  # of what the edge makes of a person: where these are, the others are
FEW_ROWS = 5  # fewer rows of a load say nothing of a field
FEW = 10  # fewer records that come or go at once are no renaming and no vanishing
ALREADY = 15  # records that must stand before a share of them means something
COME, GONE = 0.5, 0.3  # the share of the standing records from which a night's coming or going is of all
BURST = 4  # and how often the usual number it must be
RARE = math.log(1e6)


@dataclass(frozen=True)
class Fill:
    """How many rows of a load, or of several, and how many of them have a field."""

    rows: int
    filled: int

    @property
    def share(self) -> float:
        return self.filled / self.rows


def likeness_bounds(contract: Contract) -> list[Bound]:
    """The rules of this module as rules, so that they are written like those of a contract."""
    found = []
    for entity in contract.entities.values():
        for column in _columns(entity):
            title = Text(f"“{column.title.zh}”的填报与往次相当", f"{column.title.en}: filled as it was")
            check = Check(_rule(column), "filled", (column.name,), title, "critical")
            found.append(Bound(entity.name, check, contract.owner, contract.fix_hint))
        for rule, kind, severity, title in _RULES:
            found.append(Bound(entity.name, Check(rule, kind, (), title, severity), contract.owner, contract.fix_hint))
    return found


_RULES = (
    (DECLARED, "declared", "warning", Text("来源只发约定的字段", "the source sends the fields agreed")),
    (KEYS, "keys", "critical", Text("记录沿用原来的主键", "records keep their keys")),
    (STANDING, "standing", "critical", Text("记录不会一夜之间大批消失", "records do not vanish all at once")),
)


def judge_likeness(
    desk: Desk, contract: Contract, waivers: Sequence[Waiver], confirmed: Collection[str] = ()
) -> Iterator[Outcome]:
    """The outcomes of what is not as it was. Reads only; to be asked before anything of the night is released.

    confirmed: the loads whose coming and going a steward has confirmed.
    """
    there = desk.tables()
    for entity in contract.entities.values():
        if ("acceptance", table_name(contract.source, entity.name)) not in there:
            continue
        desk.facts["entity"] = entity.name
        new = _undeclared(desk)
        for outcome in (*_declared(contract, entity, new), *_filled(desk, contract, entity, new),
                        *_moved(desk, contract, entity, confirmed)):  # fmt: skip
            asked = (w for w in waivers if (w.entity, w.rule) == (outcome.entity, outcome.rule))
            outcome.outcome = WAIVED if any(asked) else outcome.outcome
            yield outcome


def _undeclared(desk: Desk) -> list[str]:
    return [field for (field,) in desk.run(statement("undeclared"))]


def _declared(contract: Contract, entity: Entity, new: Sequence[str]) -> Iterator[Outcome]:
    left = [field for field in new if not entity.ignores(field) and field not in {c.name for c in entity.columns}]
    if left:
        line = f"expectations/{contract.source}.yml {entity.name}: ignore: [{', '.join(left)}]"
        hint = Text(
            f"来源多发了字段（EX-UNDECLARED）：{'、'.join(left)}，已在解码时丢弃。不需要：加一行 {line}；"
            "需要：先过隐私评估再声明；若是某列改名：把该列改用新名并写 was: [旧名]",
            f"new fields (EX-UNDECLARED), dropped in the decoder. Not needed: add {line}; needed: assess and declare "
            "them; a renamed column: give it the new name and say was: [old name]",
        )
        yield Outcome(entity.name, DECLARED, FLAGGED, len(left), total=len(left), hint=hint)


def _filled(desk: Desk, contract: Contract, entity: Entity, new: Sequence[str]) -> Iterator[Outcome]:
    columns = _columns(entity)
    counted = joined((fill("count({{c}})", c=name("staged", staged_column(c.name))) for c in columns), ", ")
    source = contract.source
    rows = desk.run(
        statement("field_fill", staged=staged(source, entity.name), acceptance=acceptance(source, entity.name),
                  filled=counted),
        history=HISTORY,
    )  # fmt: skip
    for place, column in enumerate(columns, start=3):
        before = [(days, Fill(total, counts[place - 3])) for is_new, days, total, *counts in rows if not is_new]
        for _, days, total, *counts in (r for r in rows if r[0]):
            tonight = Fill(total, counts[place - 3])
            if is_emptied(tonight, [f for d, f in before if d <= 7 * days], [f for _, f in before]):
                yield _emptied(contract, entity, column, tonight, new)
                break


def is_emptied(tonight: Fill, alike: Sequence[Fill], before: Sequence[Fill]) -> bool:
    """Whether a field fell below half of what it was, and chance does not explain it.

    alike: of the loads before those over about as long a window; before: all of them. A field that every row ever had
    is missed in a handful of rows. Any other is held against loads of about the same kind, the emptiest of them: what
    one night may leave open, such as the end of a case, another may.
    """
    whole = _sum(before)
    if tonight.rows < FEW_ROWS or whole is None:
        return False
    if whole.rows >= SMALL and whole.filled == whole.rows:
        return tonight.share < 0.5
    usual = _sum(alike)
    if usual is None or len(alike) < ENOUGH or usual.rows < SMALL:
        return False
    spread = 3 * math.sqrt(usual.share * (1 - usual.share) / usual.rows)
    least = min([f.share for f in alike if f.rows >= FEW_ROWS] or [0.0])
    floor = min(usual.share - spread, least)
    return tonight.share < floor / 2 and tonight.rows * _distance(tonight.share, floor) > RARE


def _distance(found: float, expected: float) -> float:
    """Kullback-Leibler: exp(-n * distance) bounds the chance that n rows show so small a share."""
    if expected >= 1:
        return math.inf
    there = found * math.log(found / expected) if found else 0.0
    return there + (1 - found) * math.log((1 - found) / (1 - expected))


def _sum(parts: Sequence[Fill]) -> Fill | None:
    rows = sum(p.rows for p in parts)
    return Fill(rows, sum(p.filled for p in parts)) if rows else None


def _emptied(contract: Contract, entity: Entity, column: Column, tonight: Fill, new: Sequence[str]) -> Outcome:
    fields = "、".join(new)
    zh, en = (f"同时新出现字段：{fields}。", f"New fields: {fields}. ") if new else ("", "")
    hint = Text(
        f"{tonight.rows} 条中只有 {tonight.filled} 条有此字段，与往次不符。{zh}"
        f"若是改名：在 expectations/{contract.source}.yml 的 {entity.name} 下把 {column.name} 改用新名并写 "
        f"was: [{column.name}]；若是来源漏报：请其补报；确实不再填报：登记对 {_rule(column)} 的豁免",
        f"{tonight.filled} of {tonight.rows} rows have it, unlike before. {en}"
        f"Renamed: rename {column.name} in expectations/{contract.source}.yml ({entity.name}) and say "
        f"was: [{column.name}]; forgotten: have the source send it; given up: waive {_rule(column)}",
    )
    empty = tonight.rows - tonight.filled
    return Outcome(entity.name, _rule(column), HELD, empty, total=tonight.rows, hint=hint)


def _moved(desk: Desk, contract: Contract, entity: Entity, confirmed: Collection[str]) -> Iterator[Outcome]:
    tables = {"staged": staged(contract.source, entity.name), "acceptance": acceptance(contract.source, entity.name)}
    [(loads,)] = desk.run(statement("released_loads", **tables))
    rows = desk.run(statement("record_moves", ended=_ended(entity), **tables)) if loads >= ENOUGH else []
    if not rows or rows[0][5] < ALREADY:
        return
    standing = rows[0][5]
    per_day = entity.delivery != "files"
    for rule, place, share in ((KEYS, 3, COME), (STANDING, 4, GONE)):
        if rule == STANDING and entity.floor is not None:
            continue  # the floor of the snapshot asks the same, and a steward's word to it must not be asked twice
        # One load is left out: the one that brought the stock, or what a steward has confirmed once, is not usual.
        usual = max(sorted(_rate(r[place], r[2], per_day) for r in rows if not r[0])[:-1], default=0.0)
        tonight = [r for r in rows if r[0] and not r[1] and r[6] not in confirmed]
        moved = sum(r[place] for r in tonight)
        most = max(FEW, share * standing, BURST * usual * sum(_days(r[2], per_day) for r in tonight))
        if tonight and moved >= FEW and moved >= most:
            yield Outcome(
                entity.name, rule, HELD, moved, total=standing, hint=_hint(rule, [r[6] for r in tonight if r[place]])
            )


def _hint(rule: str, loads: Sequence[str]) -> Text:
    zh, en = _SAID[rule]
    command = f"python -m warehouse.decisions confirm {' / '.join(loads)}"
    return Text(
        f"{zh}请与来源核实；属实则 {command}，或登记对 {rule} 的豁免，再重新评判",
        f"{en} Ask it; if that is so {command}, or waive {rule}, and judge again",
    )


_SAID = {
    KEYS: (
        "一夜之间新出现的主键与原有记录一样多：多半是来源换了主键，而旧键没有删除，每条记录会算两次。",
        "as many new keys came in one night as there were records: most likely the source has keyed them anew without "
        "deleting the old keys, and every record would count twice.",
    ),
    STANDING: (
        "一夜之间大批记录被来源注销或删除。",
        "the source ended or deleted a great part of its records in one night.",
    ),
}


def _rate(records: int, days: float, per_day: bool) -> float:
    return records / _days(days, per_day)


def _days(days: float, per_day: bool) -> float:
    return max(float(days), 1.0) if per_day else 1.0


def _ended(entity: Entity) -> Sql:
    said = [
        fill("coalesce({{c}} in {{codes}}, false)", c=name("staged", staged_column(column)), codes=values(codes))
        for claim in entity.claims
        for column, codes in claim.ended.items()
    ]
    return joined(dict.fromkeys(said) or [Sql("false")], " or ")


def _rule(column: Column) -> str:
    return f"{column.name}_is_filled_as_before"


def _columns(entity: Entity) -> list[Column]:
    own: dict[str, Any] = {c.name: c for c in entity.columns}
    passed = {*entity.key, entity.changed_at, "deleted_at"}
    return [c for c in entity.landed() if (c.name in own or c.name in IDENTITY) and c.name not in passed]
