"""Coordinates: inside the district, and if not, why: zero, swapped, scaled, or shifted.

The four conditions exclude each other, so that a row has one reason and the owner of the data knows what to mend.
Columns are longitude, latitude, in degrees of CGCS2000.
"""

from __future__ import annotations

from expectations.checks.arguments import required, word, words
from expectations.checks.registry import kind
from expectations.checks.scope import Scope
from expectations.code_lists import place
from expectations.model import Check
from expectations.sql import Sql, fill, name, query, value

_SCALE = 1_000_000
_NORTH = (
    "(-100 + 2 * {{x}} + 3 * {{y}} + 0.2 * {{y}} * {{y}} + 0.1 * {{x}} * {{y}} + 0.2 * sqrt(abs({{x}})) + {{waves}}"
    " + (20 * sin({{y}} * pi()) + 40 * sin({{y}} / 3 * pi())) * 2 / 3"
    " + (160 * sin({{y}} / 12 * pi()) + 320 * sin({{y}} * pi() / 30)) * 2 / 3)"
)
_EAST = (
    "(300 + {{x}} + 2 * {{y}} + 0.1 * {{x}} * {{x}} + 0.1 * {{x}} * {{y}} + 0.1 * sqrt(abs({{x}})) + {{waves}}"
    " + (20 * sin({{x}} * pi()) + 40 * sin({{x}} / 3 * pi())) * 2 / 3"
    " + (150 * sin({{x}} / 12 * pi()) + 300 * sin({{x}} / 30 * pi())) * 2 / 3)"
)


@kind("coordinates_given", columns=2)
def coordinates_given(on: Scope, check: Check) -> Sql:
    """Accuracy (GB/T 36344): no 0/0, which lies in the Gulf of Guinea and means that nobody measured."""
    lng, lat = (on.column(c) for c in check.columns)
    return fill("{{lng}} = 0 or {{lat}} = 0", lng=lng, lat=lat)


@kind("coordinates_unswapped", columns=2, district=required(word))
def coordinates_unswapped(on: Scope, check: Check) -> Sql:
    """ISO 6709 against GB/T 28181: longitude and latitude are not in each other's place (turned round, they fit)."""
    lng, lat = (on.column(c) for c in check.columns)
    return _inside(lat, lng, check)


@kind("coordinates_unscaled", columns=2, district=required(word))
def coordinates_unscaled(on: Scope, check: Check) -> Sql:
    """Degrees, not degrees times a million (divided, they fit)."""
    lng, lat = (fill("{{c}} / {{s}}", c=on.column(c), s=value(_SCALE)) for c in check.columns)
    return _inside(lng, lat, check)


@kind("in_district", columns=2, district=required(word))
def in_district(on: Scope, check: Check) -> Sql:
    """Accuracy (GB/T 36344): the point lies in the district (`codes/places.yml`), and no other rule explains it."""
    lng, lat = (on.column(c) for c in check.columns)
    small_lng, small_lat = (fill("{{c}} / {{s}}", c=c, s=value(_SCALE)) for c in (lng, lat))
    return fill(
        "not ({{inside}}) and not ({{swapped}}) and not ({{scaled}}) and {{lng}} <> 0 and {{lat}} <> 0",
        inside=_inside(lng, lat, check), swapped=_inside(lat, lng, check),
        scaled=_inside(small_lng, small_lat, check), lng=lng, lat=lat,
    )  # fmt: skip


@kind("not_gcj02", columns=2, entity=required(word), by=required(word), key=required(word), point=required(words))
def not_gcj02(on: Scope, check: Check) -> Sql:
    """GB 20263 (map shift): the point is not the GCJ-02 image of the same thing's point elsewhere.

    entity, key, point: another entity of the source that holds the thing under `key` with its (longitude, latitude);
    `by`: our column of that key. Bad: over 100 m from that point and within 30 m of its image; other distances say
    nothing.
    """
    lng, lat = (name("ours", c) for c in check.columns)
    known_lng, known_lat = (name("known", c) for c in check.args["point"])
    shifted_lng, shifted_lat = gcj02(known_lng, known_lat)
    shifted = query(
        "not_gcj02",
        ours=on.versions, known=on.sibling(check.args["entity"]), key=on.column(check.args["key"]),
        by=on.column(check.args["by"]), plain=_metres(lng, lat, known_lng, known_lat),
        image=_metres(lng, lat, shifted_lng, shifted_lat),
    )  # fmt: skip
    return fill("content_hash in {{shifted}}", shifted=shifted)


def _inside(lng: Sql, lat: Sql, check: Check) -> Sql:
    box = place(check.args["district"])
    return fill(
        "{{lng}} between {{west}} and {{east}} and {{lat}} between {{south}} and {{north}}",
        lng=lng, lat=lat, west=value(box.west), east=value(box.east), south=value(box.south), north=value(box.north),
    )  # fmt: skip


def _metres(lng: Sql, lat: Sql, other_lng: Sql, other_lat: Sql) -> Sql:
    """The distance of two near points."""
    return fill(
        "sqrt(power(({{lng}} - {{other_lng}}) * 111320 * cos(radians(23.2)), 2)"
        " + power(({{lat}} - {{other_lat}}) * 110950, 2))",
        lng=lng, lat=lat, other_lng=other_lng, other_lat=other_lat,
    )  # fmt: skip


def gcj02(lng: Sql, lat: Sql) -> tuple[Sql, Sql]:
    """The GCJ-02 image of a point, by the published approximation on the Krassowsky ellipsoid."""
    x, y = (fill("({{c}} - {{o}})", c=c, o=value(o)) for c, o in ((lng, 105), (lat, 35)))
    north, east = fill(_NORTH, x=x, y=y, waves=_waves(x)), fill(_EAST, x=x, y=y, waves=_waves(x))
    magic = fill("(1 - 0.00669342162296594323 * power(sin(radians({{lat}})), 2))", lat=lat)
    d_lat = fill(
        "({{north}} * 180 / (6378245.0 * (1 - 0.00669342162296594323) / ({{m}} * sqrt({{m}})) * pi()))",
        north=north, m=magic,
    )  # fmt: skip
    d_lng = fill(
        "({{east}} * 180 / (6378245.0 / sqrt({{m}}) * cos(radians({{lat}})) * pi()))", east=east, m=magic, lat=lat
    )
    return fill("({{a}} + {{b}})", a=lng, b=d_lng), fill("({{a}} + {{b}})", a=lat, b=d_lat)


def _waves(x: Sql) -> Sql:
    return fill("(20 * sin(6 * {{x}} * pi()) + 20 * sin(2 * {{x}} * pi())) * 2 / 3", x=x)
