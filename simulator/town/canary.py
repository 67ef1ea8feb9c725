"""Canaries: what the sources send and the decoders must drop (the fields marked X in sources.md).

Every value holds the word CANARY, so that a test can search a landing zone, a log or a page for it.
"""

from simulator.town.rows import Fields

_PERSON_01 = (
    "nation",
    "faith_type",
    "party_flag",
    "marriage_flag",
    "education_bg",
    "vocation",
    "contact",
    "used_name",
    "if_import",
    "into_cause",
)
_PETITIONER = (
    "xm",
    "xb",
    "mz",
    "zjlx",
    "zjhm",
    "sjh",
    "zz",
    "bt",
    "gkxx",
    "tsnr",
    "yybz",
    "yynr",
    "jjffxbz",
    "zdrybz",
    "bfyrxm",
    "bfyrdw",
    "bfyrzw",
)

X_FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("social_governance", "registered_person"): _PERSON_01,
    ("social_governance", "floating_person"): _PERSON_01,
    ("social_governance", "overseas_person"): ("goal_in",),
    ("social_governance", "rental_house"): (
        "homeowner_name",
        "homeowner_id",
        "homeowner_phone",
        "lessee_name",
        "lessee_id",
        "lessee_phone",
    ),
    ("petitions", "case"): _PETITIONER,
    ("petitions", "evaluation"): _PETITIONER,
    ("video_platform", "device"): ("IPAddress", "Port", "Password", "Block", "Info/StreamURL"),
    ("mediation", "dispute"): (
        "parties[].name",
        "parties[].id_no",
        "parties[].phone",
        "statement",
        "mediator_phone",
        "address",
    ),
    ("wage_arrears", "clue"): ("complainant_name", "complainant_id", "complainant_phone", "bank_card", "description"),
    ("hr_social_security", "employer"): ("jfjs", "yjje", "yhzh", "fddbr", "aac002", "aac003"),
    ("hr_social_security", "window_service"): ("aac002", "aac003", "aae005"),
    ("grid_dispatch", "event"): ("reporter", "phone", "event_desc", "photos[].url", "worker_tracks[].point", "address"),
    ("cloud_shield", "door_device"): ("mac", "key_list[].card_no", "open_events[].person"),
    ("cloud_shield", "rental_room"): (
        "tenants[].name",
        "tenants[].id_no",
        "tenants[].phone",
        "landlord_name",
        "landlord_phone",
        "review_result",
    ),
    ("mobile_collection", "collection"): (
        "persons[].phone",
        "persons[].spouse_name",
        "persons[].photo",
        "persons[].nation",
        "persons[].education",
        "persons[].marital",
        "persons[].employer",
        "remark",
        "staff_gps",
    ),
}
"""The X fields of each (system, entity) as sent here; `a[].b` is field b of each element of the list a.

Where sources.md names a kind of field and not the field (bank, tenants, worker tracks), the names are ours.
"""

_PHONES = {
    "contact",
    "phone",
    "sjh",
    "homeowner_phone",
    "lessee_phone",
    "mediator_phone",
    "complainant_phone",
    "landlord_phone",
    "aae005",
}
_IDS = {"zjhm", "id_no", "homeowner_id", "lessee_id", "complainant_id", "aac002"}
_NAMES = {
    "xm",
    "used_name",
    "name",
    "homeowner_name",
    "lessee_name",
    "complainant_name",
    "landlord_name",
    "fddbr",
    "aac003",
    "spouse_name",
    "reporter",
    "bfyrxm",
    "person",
}


def _pattern(name: str) -> tuple[str, int]:
    """Say what a canary of the field begins with, and how many digits its running number has."""
    if name in _PHONES:
        return "CANARY-139", 8
    if name in _IDS:
        return "CANARY-4401971990", 8
    if name in _NAMES:
        return f"CANARY-{name}-张三丰", 0
    if name in ("url", "photo", "Info/StreamURL"):
        return f"rtsp://CANARY-{name.replace('/', '-')}.example/", 0
    return f"CANARY-{name}-", 0


def _plan(paths: tuple[str, ...]) -> tuple[list[tuple[str, str, int]], dict[str, list[tuple[str, str, int]]]]:
    flat: list[tuple[str, str, int]] = []
    nested: dict[str, list[tuple[str, str, int]]] = {}
    for path in paths:
        if "[]." in path:
            outer, inner = path.split("[].")
            nested.setdefault(outer, []).append((inner, *_pattern(inner)))
        else:
            flat.append((path, *_pattern(path)))
    return flat, nested


_PLANS = {place: _plan(paths) for place, paths in X_FIELDS.items()}


def add_canaries(system: str, entity: str, fields: Fields, number: int) -> Fields:
    """Add every X field of the entity to a record; lists that are not there yet get one element."""
    flat, nested = _PLANS[system, entity]
    for name, start, width in flat:
        fields[name] = f"{start}{number:0{width}d}"
    for outer, inners in nested.items():
        for place, element in enumerate(fields.setdefault(outer, [{}])):
            for name, start, width in inners:
                element[name] = f"{start}{number * 10 + place:0{width}d}"
    return fields
