"""Why the register says what it says of one thing: who says which value since when, and which record it rests on.

Flow: an id (an old one resolves) -> provenance of each attribute, winner first -> links -> for a person the pairs of
records that were matched, in words. Masks only. A look at a person is on record before it is answered.
Alone: python -m warehouse.engine explain H… ; python -m warehouse.engine explain P… --by NAME --role ROLE --purpose WHY
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from expectations.claims import vocabulary
from expectations.errors import CallRejected
from expectations.sql import Sql, fill, name
from warehouse.decisions.access_log import AccessLog
from warehouse.decisions.keys import LOOK, Keyed
from warehouse.decisions.place import community_of_person
from warehouse.decisions.scope import scope_of
from warehouse.decisions.store import decisions_url, open_decisions
from warehouse.engine.connection import Connection
from warehouse.engine.naming import former_id
from warehouse.engine.stay_words import PRESENCE, stay_in_words
from warehouse.engine.winners import PERSON, THINGS, Thing
from warehouse.resolver.ids import current_id
from warehouse.resolver.model import salt_in_use

_IDENTITY_TITLES = {
    "id_type": ("证件类型", "type of the number"), "id_check": ("证件号码校验", "check of the number"),
    "id_mask": ("证件号码（掩码）", "number (mask)"), "name_mask": ("姓名（掩码）", "name (mask)"),
}  # fmt: skip
_UNSHOWN = "（令牌）"
_STAY = "person_house_link"
_LINKS = {
    "person": (_STAY,), "house": (_STAY, "organisation_premises", "house_grid"),
    "organisation": ("organisation_premises",),
}  # fmt: skip
_ROWS = "select * from {{link}} where {{id}} = $id order by all"
_RESIDENTS = (
    "select count(distinct person_id) as residents from register.person_house_link "
    "where house_id = $id and is_current"
)  # fmt: skip


def explain(connection: Connection, asked: str) -> dict[str, Any]:
    """All that is said of one thing, JSON-ready. Raises CallRejected RE-NONE for an id that never was."""
    thing = _thing(asked)
    found = _current(connection, thing, asked)
    if found is None:
        raise CallRejected("RE-NONE", detail=asked[:21])
    return {
        "id": found,
        "asked": asked,
        "thing": {"zh": vocabulary()[thing.name].title.zh, "en": vocabulary()[thing.name].title.en},
        "attributes": list(_attributes(connection, thing, found)),
        "presence": _presence(connection, found) if thing == PERSON else None,
        "links": _links(connection, thing, found),
        "matched": _matched(connection, found) if thing == PERSON else [],
        "changes": _changes(connection, found),
    }


def log_look(
    records: list[str], *, by: str, role: str, purpose: str, url: str | None = None, outcome: str = "shown"
) -> None:
    """Put a look at a person on record. records: `source|entity|record_id` of what is shown.

    Raises: CallRejected SC-CALL without who, role and purpose; SourceChanged DS-LOG, and then nothing is answered.
    """
    if not (by.strip() and role.strip() and purpose.strip()):
        raise CallRejected("SC-CALL", detail="a look at a person needs --by, --role and --purpose")
    keyed = Keyed.from_env(LOOK)
    subject = " ".join(keyed.record(*record.split("|", 2)) for record in records)
    engine = open_decisions(url or decisions_url())
    try:
        AccessLog(engine).write(who=by, role=role, action="explain", subject=subject, purpose=purpose, outcome=outcome)
    finally:
        engine.dispose()


def keep_within(connection: Connection, asked: str, *, by: str, role: str, purpose: str) -> None:
    """A person of a community that is not in the scope of who asks is not there, and that is logged.

    Raises: CallRejected RE-NONE, SC-CALL; SourceChanged DS-LOG.
    """
    found = _current(connection, PERSON, asked)
    engine = open_decisions(decisions_url())
    try:
        if scope_of(engine, by).holds(community_of_person(connection, str(found))):
            return
    finally:
        engine.dispose()
    log_look(records_of(connection, asked), by=by, role=role, purpose=purpose, outcome="not in scope")
    raise CallRejected("RE-NONE", detail=asked[:21])


def records_of(connection: Connection, asked: str) -> list[str]:
    """The records a person is made of, as `source|entity|record_id`; none for another thing."""
    if _thing(asked) != PERSON:
        return []
    found = _current(connection, PERSON, asked)
    rows = connection.execute(
        "select observation.source || '|' || observation.entity || '|' || observation.source_record_id "
        "from register.person_observation as observation "
        "join register.person_member as member on member.obs_key = observation.obs_key "
        "where member.person_id = $id order by 1",
        {"id": found},
    ).fetchall()
    return [record for (record,) in rows]


def told(found: dict[str, Any]) -> Iterator[str]:
    """The same as lines for people, Chinese first."""
    yield f"{found['thing']['zh']} {found['thing']['en']}  {found['id']}"
    if found["asked"] != found["id"]:
        yield f"  （所查 {found['asked']} 现为此号 / {found['asked']} is now this id）"
    if found["presence"]:
        yield " / ".join(PRESENCE[found["presence"]])
    for attribute in found["attributes"]:
        yield f"{attribute['zh']} / {attribute['en']}"
        for said in attribute["said"]:
            mark = "*" if said["wins"] else " "
            yield (
                f"  {mark} {said['value']}  {said['source']}/{said['entity']} {said['record']}"
                f"  自 since {said['since']}  信任 trust {said['trust']}{'  已止 ended' if said['ended'] else ''}"
            )
    for link in found["links"]:
        if "ended_by" in link:
            yield stay_in_words(link)
        yield "  ".join(f"{k}={v}" for k, v in link.items() if v is not None)
    for pair in found["matched"]:
        yield f"  {pair['left']} = {pair['right']}  {pair['rule']} {pair['weight']}"
    for change in found["changes"]:
        yield f"  {change['old']} -> {change['new'] or '-'}  {change['zh']} / {change['en']}"


def _thing(asked: str) -> Thing:
    for thing in THINGS:
        if asked[:1] == thing.letter and len(asked) == 21:
            return thing
    # What was typed instead may be the number of a person, and is not repeated.
    raise CallRejected("RE-NONE", detail="an id is one letter and 20 characters")


def _current(connection: Connection, thing: Thing, asked: str) -> str | None:
    if thing == PERSON:
        return current_id(connection, asked, salt_in_use()) or former_id(connection, thing, asked)
    rows = connection.execute(
        fill("select {{id}} from {{member}} where {{id}} = $asked limit 1", id=thing.id, member=thing.member),
        {"asked": asked},
    ).fetchall()
    if not rows and thing.key is None and thing.name in ("house", "building"):
        rows = connection.execute(
            fill(
                "select {{current}} from {{alias}} where {{id}} = $asked and {{current}} is not null limit 1",
                current=name(f"current_{thing.name}_id"), alias=name("register", f"{thing.name}_alias"), id=thing.id,
            ),
            {"asked": asked},
        ).fetchall()  # fmt: skip
    return str(rows[0][0]) if rows else former_id(connection, thing, asked)


def _attributes(connection: Connection, thing: Thing, found: str) -> Iterator[dict[str, Any]]:
    """Per attribute what every source says, the winner first, then the latest."""
    rows = connection.execute(
        "select attribute, value, source, entity, source_record_id, since, trust, ended, is_winner "
        "from register.provenance where thing = $thing and thing_id = $id "
        "order by attribute, is_winner desc, trust desc, since desc, source, entity, source_record_id",
        {"thing": thing.name, "id": found},
    ).fetchall()
    known = vocabulary()[thing.name].attributes
    for attribute in (*known, *_IDENTITY_TITLES):
        said = [_said(r, known[attribute].type if attribute in known else "text") for r in rows if r[0] == attribute]
        if said:
            title = known[attribute].title if attribute in known else None
            zh, en = (title.zh, title.en) if title else _IDENTITY_TITLES[attribute]
            yield {"attribute": attribute, "zh": zh, "en": en, "said": said}


def _said(row: tuple[Any, ...], kind: str) -> dict[str, Any]:
    _, value, source, entity, record, since, trust, ended, wins = row
    return {
        "value": _UNSHOWN if kind == "token" else value, "source": source, "entity": entity, "record": record,
        "since": str(since) if since else None, "trust": trust, "ended": ended, "wins": wins,
    }  # fmt: skip


def _presence(connection: Connection, found: str) -> str | None:
    rows = connection.execute("select presence from register.person where person_id = $id", {"id": found}).fetchall()
    return str(rows[0][0]) if rows else None


def _links(connection: Connection, thing: Thing, found: str) -> list[dict[str, Any]]:
    listed = []
    for link in _LINKS.get(thing.name, ()):
        # Of a dwelling the number of people, not who they are: that would be a look at each of them.
        text = fill(_ROWS, link=name("register", link), id=thing.id)
        if (thing.name, link) == ("house", _STAY):
            text = Sql(_RESIDENTS)
        cursor = connection.execute(text, {"id": found})
        columns = [d[0] for d in cursor.description]
        listed += [{"link": link, **dict(zip(columns, map(_plain, row), strict=True))} for row in cursor.fetchall()]
    return listed


def _matched(connection: Connection, found: str) -> list[dict[str, Any]]:
    rows = connection.execute(
        "select edge.left_key, edge.right_key, edge.rule, edge.weight, edge.levels from register.person_edge as edge "
        "join register.person_member as a on a.obs_key = edge.left_key "
        "join register.person_member as b on b.obs_key = edge.right_key "
        "where a.person_id = $id and b.person_id = $id order by all",
        {"id": found},
    ).fetchall()
    keys = ("left", "right", "rule", "weight", "levels")
    return [dict(zip(keys, map(_plain, row), strict=True)) for row in rows]


def _changes(connection: Connection, found: str) -> list[dict[str, Any]]:
    rows = connection.execute(
        "select old_id, new_id, reason_zh, reason_en, known_at from register.change "
        "where new_id = $id or old_id = $id order by known_at, old_id, new_id, reason_zh",
        {"id": found},
    ).fetchall()
    return [dict(zip(("old", "new", "zh", "en", "known_at"), map(_plain, row), strict=True)) for row in rows]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
