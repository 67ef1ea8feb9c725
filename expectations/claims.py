"""What a contract entity claims of the things in the register: its columns under the names of `claims.yml`.

`vocabulary()` is the language all share; `read_claims` reads the `claims:` block of one entity. Unknown names are
refused with the nearest valid one. A claim of a case or a count can never bear a person key, nor can a zone that
promised to carry none.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from expectations.denied import refuse_denied
from expectations.errors import CallRejected
from expectations.model import CLAIM_TYPES, Claim, Entity, Said, Text
from expectations.strict import read_yaml, take

FILE = Path(__file__).with_name("claims.yml")
PERSON, RESIDENCE, HOUSE, ORGANISATION = "person", "residence", "house", "organisation"
DEIDENTIFIED = ("case", "service_count")  # what never meets a person (privacy.md, rule 4)
MOST_TRUST = 100
_FORMS = ("column", "constant", "given", "codes", "trust", "digits")
_EMPTIED = "emptied"
_WORDS = ("trust", "ended", "of", "whole", "void", "lists_all", "confirmed_for")
# A word that only some claims may use, and which they are.
_OF = {"of": (RESIDENCE,), "void": (RESIDENCE,), "lists_all": (HOUSE,), "confirmed_for": (RESIDENCE, ORGANISATION)}


@dataclass(frozen=True)
class Attribute:
    """One attribute of a claim entity; `type` decides in which form all sources' values are brought."""

    name: str
    type: str
    title: Text


@dataclass(frozen=True)
class ClaimEntity:
    """One kind of thing that sources make claims of."""

    name: str
    title: Text
    attributes: Mapping[str, Attribute]

    @property
    def identified(self) -> bool:
        """Whether its claims bear the identity columns of their entity."""
        return self.name == PERSON


@cache
def vocabulary(path: Path = FILE) -> Mapping[str, ClaimEntity]:
    """The claim entities by name, in the order of the file. Raises CallRejected CT-SPEC, CT-DENIED."""
    return {name: _claim_entity(name, body, f"{path.name}: {name}") for name, body in read_yaml(path).items()}


def _claim_entity(name: str, raw: Mapping[str, Any], where: str) -> ClaimEntity:
    take(raw, where, required=("zh", "en", "attributes"))
    attributes = {n: _attribute(n, a, f"{where}.{n}") for n, a in raw["attributes"].items()}
    if clash := sorted(set(attributes) & set(_WORDS)):
        raise CallRejected("CT-SPEC", detail=f"{where}: {clash[0]!r} is a word of the claims block")
    return ClaimEntity(name, Text(raw["zh"], raw["en"]), attributes)


def _attribute(name: str, raw: Mapping[str, Any], where: str) -> Attribute:
    take(raw, where, required=("type", "zh", "en"))
    if raw["type"] not in CLAIM_TYPES:
        raise CallRejected("CT-SPEC", detail=f"{where}: type must be one of {', '.join(CLAIM_TYPES)}")
    refuse_denied(name, str(raw["zh"]), str(raw["en"]), where)
    return Attribute(name, raw["type"], Text(str(raw["zh"]), str(raw["en"])))


def read_claims(raw: Mapping[str, Any], entity: Entity, where: str, zone: str) -> tuple[Claim, ...]:
    """The claims of one contract entity, in its order. Raises CallRejected CT-SPEC, CT-DENIED."""
    return tuple(_claim(name, body, entity, f"{where}.{name}", zone) for name, body in raw.items())


def check_references(entities: Mapping[str, Entity], where: str) -> None:
    """A residence must name an entity of the contract that claims persons. Raises CallRejected CT-SPEC."""
    persons = {n for n, e in entities.items() if any(c.entity == PERSON for c in e.claims)}
    for name, entity in entities.items():
        for claim in entity.claims:
            if claim.entity == RESIDENCE and (claim.of or name) not in persons:
                raise CallRejected("CT-SPEC", detail=f"{where}: {name}: the residence is of no entity of persons")


def _claim(name: str, raw: Any, entity: Entity, where: str, zone: str) -> Claim:
    known = vocabulary()
    if name not in known:
        raise CallRejected("CT-SPEC", detail=f"{where}: unknown claim entity {name!r}{_near(name, list(known))}")
    if not isinstance(raw, dict) or "trust" not in raw:
        raise CallRejected("CT-SPEC", detail=f"{where}: a claim has a trust and attributes")
    for word in sorted(set(_OF) & set(raw)):
        if name not in _OF[word]:
            raise CallRejected("CT-SPEC", detail=f"{where}: {word!r} is a word of {' and '.join(_OF[word])} only")
    if raw.get("lists_all") and zone != "R":
        raise CallRejected("CT-DENIED", detail=f"{where}: zone {zone} never says who lives in a dwelling")
    _refuse_person_key(name, entity, where, zone)
    attributes = known[name].attributes
    for key in raw:
        if key not in attributes and key not in _WORDS:
            raise CallRejected(
                "CT-SPEC", detail=f"{where}: unknown attribute {key!r}{_near(str(key), [*attributes, *_WORDS])}"
            )
    if "whole" in raw:
        _demand(raw["whole"], entity, f"{where}.whole")
    ended = _coded(raw.get("ended") or {}, entity, f"{where}.ended")
    return Claim(
        entity=name,
        trust=_trust(raw["trust"], where),
        attributes={k: _said(v, entity, f"{where}.{k}") for k, v in raw.items() if k in attributes},
        ended={c: v for c, v in ended.items() if v},
        emptied=tuple(c for c, v in ended.items() if not v),
        of=raw.get("of"),
        whole=raw.get("whole"),
        void=_coded(raw.get("void") or {}, entity, f"{where}.void"),
        lists_all=_coded(raw.get("lists_all") or {}, entity, f"{where}.lists_all"),
        confirmed_for=_days(raw["confirmed_for"], f"{where}.confirmed_for") if "confirmed_for" in raw else None,
    )


def _refuse_person_key(name: str, entity: Entity, where: str, zone: str) -> None:
    if name in (PERSON, RESIDENCE) and zone != "R":
        raise CallRejected("CT-DENIED", detail=f"{where}: zone {zone} never carries a person key")
    if name == PERSON and entity.identity is None:
        raise CallRejected("CT-SPEC", detail=f"{where}: a person needs an identity block")
    if name in DEIDENTIFIED and entity.identity is not None:
        raise CallRejected("CT-DENIED", detail=f"{where}: a {name} never carries a person key")


def _said(raw: Any, entity: Entity, where: str) -> Said:
    """`column`, `{column: …, codes: {…}, trust: …, digits: […]}`, `{constant: …}` or `{given: [column, …]}`."""
    if isinstance(raw, str):
        raw = {"column": raw}
    if not isinstance(raw, dict) or len({"column", "constant", "given"} & set(raw)) != 1:
        raise CallRejected("CT-SPEC", detail=f"{where}: an attribute is a column, a constant or what is given")
    take(raw, where, optional=_FORMS)
    given = raw.get("given", [])
    if not isinstance(given, list) or ("given" in raw and not given):
        raise CallRejected("CT-SPEC", detail=f"{where}.given: a list of columns is wanted")
    for column in (*given, *([raw["column"]] if "column" in raw else ())):
        _demand(column, entity, where)
    codes = raw.get("codes") or {}
    if not isinstance(codes, dict) or not all(isinstance(v, str) for pair in codes.items() for v in pair):
        raise CallRejected("CT-SPEC", detail=f"{where}.codes: a mapping of codes in quotes is wanted")
    return Said(
        column=raw.get("column"),
        constant=None if "constant" not in raw else str(raw["constant"]),
        given=tuple(given),
        codes=codes,
        trust=_trust(raw["trust"], where) if "trust" in raw else None,
        digits=_digits(raw["digits"], codes, where) if "digits" in raw else None,
    )


def _digits(raw: Any, codes: Mapping[str, str], where: str) -> tuple[int, int]:
    """`[first, last]`, both counted from 1, of a number that bears a code inside."""
    if not (isinstance(raw, list) and len(raw) == 2 and all(type(place) is int for place in raw) and codes):
        raise CallRejected("CT-SPEC", detail=f"{where}.digits: first and last place are wanted, with codes beside them")
    first, last = raw
    if not 1 <= first <= last:
        raise CallRejected("CT-SPEC", detail=f"{where}.digits: {first} to {last} is no part of a number")
    return first, last


def _coded(raw: Mapping[str, Any], entity: Entity, where: str) -> dict[str, tuple[str, ...]]:
    """Per column its codes; none where the contract says `emptied`."""
    for column, codes in raw.items():
        _demand(column, entity, where)
        if codes == _EMPTIED:
            continue
        if not isinstance(codes, list) or not codes or not all(isinstance(c, str) for c in codes):
            raise CallRejected("CT-SPEC", detail=f"{where}.{column}: a list of codes in quotes is wanted")
    return {column: () if codes == _EMPTIED else tuple(codes) for column, codes in raw.items()}


def _days(raw: Any, where: str) -> timedelta:
    """Whole days: the last day on which something was said is all there is to count from."""
    text = str(raw)
    if not (text.endswith("d") and text[:-1].isdigit() and int(text[:-1])):
        raise CallRejected("CT-SPEC", detail=f"{where}: a number of days such as 730d is wanted")
    return timedelta(days=int(text[:-1]))


def _demand(column: Any, entity: Entity, where: str) -> None:
    names = [c.name for c in entity.landed()]
    if column not in names:
        raise CallRejected(
            "CT-SPEC", detail=f"{where}: {column!r} is no column of {entity.name}{_near(str(column), names)}"
        )


def _trust(raw: Any, where: str) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw < MOST_TRUST:
        raise CallRejected("CT-SPEC", detail=f"{where}: trust is a whole number from 0 to {MOST_TRUST - 1}")
    return raw


def _near(name: str, valid: list[str]) -> str:
    near = difflib.get_close_matches(name, valid, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; valid are {', '.join(valid)}"
