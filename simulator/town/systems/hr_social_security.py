"""07 Human resources and social security: employers and counts of window services, all of it text."""

from collections.abc import Iterator

from simulator.town.addresses import write_room
from simulator.town.canary import add_canaries
from simulator.town.clock import DAY, DAYS, END, day_text, office, stamp, years
from simulator.town.defects import Flaws
from simulator.town.geography import STREET
from simulator.town.organisations import Organisation, make_organisations
from simulator.town.rows import Fields, Row
from simulator.town.seeding import pick, weigh
from simulator.town.systems.context import Grid, touches

SYSTEM = "hr_social_security"
_ITEMS = ("社会保险登记", "就业登记", "失业登记", "社保卡办理", "养老资格认证", "劳动用工备案", "灵活就业补贴")
_RARE = ("䶮", "㛃", "𬭚", "𠅤")
"""Characters GB18030 has and GBK has not."""


def emit(grid: Grid) -> Iterator[Row]:
    """Emit the employers of one grid and the services at its counters."""
    random, flaws = grid.random(SYSTEM, "employer"), grid.flaws(SYSTEM, "employer")
    for place, organisation in enumerate(make_organisations(grid.town, grid.index)):
        first = int(random.random() * 90) if organisation.opened < 0 else organisation.opened + 5
        days = [first, *touches(random, first, organisation.closed or DAYS, 430)]
        address = write_room(random, organisation.room)
        name = organisation.name
        if flaws.hit("outside_gbk"):
            at = 8 if organisation.kind == "30" else 3
            name = name[:at] + pick(flaws.random, _RARE) + name[at + 1 :]
        code = _code(organisation, flaws)
        notes = [flaws.take()]
        if len(days) > 1 and days[1] < DAYS and flaws.hit("employer_twice"):
            notes.append(notes[0] + flaws.take())
        for number, note in enumerate(notes):
            key = f"4401{grid.index:04d}{place:05d}{number}"
            fixed: Fields = {
                "aab001": key,
                "aab003": code,
                "aab004": name,
                "aab019": organisation.kind,
                "hyfl": organisation.trade,
                "dwscjd": STREET,
                "address": address,
            }
            yield from _versions(grid, flaws, organisation, fixed, days[number:], note)
    yield from _window_services(grid)


def _code(organisation: Organisation, flaws: Flaws) -> str:
    """Write the credit code, or the nine-character organisation code inside it."""
    short = organisation.credit_code[8:17]
    if flaws.hit("organisation_code"):
        return short
    return f"{short[:8]}-{short[8]}" if flaws.hit("organisation_code_hyphen") else organisation.credit_code


def _versions(
    grid: Grid, flaws: Flaws, organisation: Organisation, fixed: Fields, days: list[int], base: tuple[str, ...]
) -> Iterator[Row]:
    for seq, day in enumerate((day for day in days if day < DAYS), 1):
        # Drawn from the day, so that a spoiled town draws no more from the common stream than a clean one.
        moment = day * DAY + 32_400 + (day * 7_919 + organisation.staff * 31) % 28_800
        heads = max(0, organisation.staff + (day * 31 + organisation.staff) % 7 - 3)
        fields = {**fixed, "ysny": day_text(day, "")[:6], "ycbzrs": str(heads), "aae036": stamp(moment)}
        _spoil(flaws, fields)
        add_canaries(SYSTEM, "employer", fields, grid.number(int(fields["aab001"][-6:-1])))
        yield Row(
            SYSTEM,
            "employer",
            fields["aab001"],
            seq,
            stamp(moment),
            fields,
            room=organisation.room.room,
            organisation=organisation.organisation,
            defects=base + flaws.take(),
        )


def _spoil(flaws: Flaws, fields: Fields) -> None:
    if flaws.hit("text_backslash_n"):
        name = pick(flaws.random, ("hyfl", "address", "ysny"))
        flaws.right(**{name: fields[name]})
        fields[name] = r"\N"
    if flaws.hit("number_with_comma"):
        flaws.right(ycbzrs=fields["ycbzrs"])
        fields["ycbzrs"] = "5,000000"
    if flaws.hit("date_9999"):
        flaws.right(aae036=fields["aae036"])
        fields["aae036"] = "9999-09-09"
    elif flaws.hit("date_1899"):
        flaws.right(aae036=fields["aae036"])
        fields["aae036"] = "1899-12-31"


def _window_services(grid: Grid) -> Iterator[Row]:
    random, place = grid.random(SYSTEM, "window_service"), 0
    for _, first, after in years():
        for _ in range(grid.share(grid.town.profile.window_services_a_year)):
            place += 1
            accepted = office(random, first + int(random.random() * (after - first)))
            finished = accepted + 300 + int(random.random() * (3_600 if random.random() < 0.8 else 5 * DAY))
            fields: Fields = {
                "service_no": f"FW{grid.index:05d}{place:07d}",
                "service_item": pick(random, _ITEMS),
                "accept_time": stamp(accepted),
                "finish_time": stamp(finished),
                "channel": weigh(random, (("1", 0.6), ("2", 0.3), ("3", 0.1))),
                "community_code": grid.cell.community.code,
                "aae036": stamp(finished),
            }
            if finished < END:
                add_canaries(SYSTEM, "window_service", fields, grid.number(place))
                yield Row(SYSTEM, "window_service", fields["service_no"], 1, stamp(finished), fields)
