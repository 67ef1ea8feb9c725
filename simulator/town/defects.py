"""What is wrong with the sources: every defect of sources.md, how often it happens and what it does.

`Flaws` decides from its own random stream, so that a clean town and a spoiled town differ in nothing but the
defects. Each hit is noted with the row and ends in the table `truth_defect`.
"""

from dataclasses import dataclass
from random import Random
from typing import Any

from simulator.town.profiles import Town
from simulator.town.seeding import stream


@dataclass(frozen=True)
class Defect:
    """A kind of defect: `rate` is the chance for each record (or file) that gives the occasion."""

    name: str
    system: str
    entity: str
    rate: float
    does: str


def _table(system: str, entity: str, *rows: tuple[str, float, str]) -> list[Defect]:
    return [Defect(name, system, entity, rate, does) for name, rate, does in rows]


ID_ERRORS = (
    ("id_missing", 0.44),
    ("id_ocr", 0.2),
    ("id_digit", 0.2),
    ("id_junk", 0.08),
    ("id_cut", 0.05),
    ("id_relative", 0.03),
)
"""How the missing and wrong ID numbers (`id_rate` of all) divide."""

_ID_DOES = {
    "id_missing": "the ID number is empty",
    "id_ocr": "0 read as O, 6 as 8, or the last X lost",
    "id_digit": "one digit wrong or two swapped",
    "id_junk": "a junk value that many records share",
    "id_cut": "the last digits are missing",
    "id_relative": "the number of somebody else in the household",
}


def _ids(system: str, entity: str) -> list[Defect]:
    return _table(system, entity, *((name, 0.05 * part, _ID_DOES[name]) for name, part in ID_ERRORS))


_NAMES = (
    ("name_sound", 0.004, "one character of the name replaced by another of the same sound"),
    ("name_masked", 0.002, "all of the name but the surname written as *"),
    ("name_short", 0.001, "only the first character of the name"),
)
_PERSON_01 = (
    ("id_15_digits", 0.12, "an elder's ID in its old 15 digits"),
    ("id_lower_x", 0.1, "the check character X in lower case"),
    ("sex_contradicts_id", 0.003, "the sex is not the one in the ID"),
    ("birth_contradicts_id", 0.004, "the birth date is not the one in the ID"),
    ("expired_in_force", 0.02, "the end date is past, the status still 12 (in force)"),
    ("text_null", 0.004, "a field holds the text null"),
    ("text_backslash_n", 0.004, r"a field holds the text \N"),
    ("text_none", 0.004, "a field holds the text 无"),
    *_NAMES,
)

DEFECTS: tuple[Defect, ...] = (
    *_table("social_governance", "registered_person", *_PERSON_01),
    *_ids("social_governance", "registered_person"),
    *_table(
        "social_governance",
        "floating_person",
        *_PERSON_01,
        ("also_registered", 0.02, "somebody registered here is also listed as floating"),
    ),
    *_ids("social_governance", "floating_person"),
    *_table("social_governance", "rental_house", ("text_null", 0.003, "a field holds the text null")),
    *_table("social_governance", "grid", ("grid_code_hyphens", 0.08, "the grid code as 6-3-3-3 with hyphens")),
    *_table(
        "social_governance",
        "delete_log",
        ("delete_before_insert", 0.05, "the deletion is logged before the row appears"),
    ),
    *_table(
        "mental_health_service",
        "service_count",
        ("month_written_otherwise", 0.3, "the month as 2022年11月, 2022.11 or an Excel serial number"),
        ("count_with_unit", 0.1, "a count as the text 386人次"),
        ("twice_in_workbook", 0.08, "a service twice in one workbook, the later report time wins"),
        ("second_file", 0.08, "the month comes again as …_2.xlsx"),
    ),
    *_table(
        "petitions",
        "case",
        ("twelve_hour_clock", 0.02, "a time after midnight written as 12:mm"),
        ("closed_without_time", 0.02, "the closing flag is set, the closing time empty"),
        ("reopened_after_closing", 0.02, "a closed case is opened again"),
        ("extension_without_deadline", 0.03, "extended, but the deadline was not moved"),
    ),
    *_table(
        "petitions",
        "evaluation",
        ("evaluated_before_closing", 0.03, "the evaluation is older than the closing of the case"),
    ),
    *_table(
        "video_platform",
        "device",
        ("coordinates_swapped", 0.01, "longitude and latitude changed places"),
        ("coordinates_zero", 0.01, "longitude and latitude are 0"),
        ("coordinates_micro", 0.01, "degrees times a million"),
        ("status_word", 0.04, "OK, ONLINE or 1 instead of ON"),
        ("url_in_field", 0.01, "a field of the contract holds a URL"),
    ),
    *_table(
        "mediation",
        "dispute",
        ("deadline_before_acceptance", 0.02, "the deadline lies before the acceptance"),
        ("amount_in_wan", 0.05, "the amount in 万元"),
        ("community_alias", 0.06, "another name of the community in place of its code"),
        ("success_without_agreement", 0.03, "mediated with success, but no agreement"),
    ),
    *_table("wage_arrears", "clue", ("amount_as_text", 0.03, "the amount as the text 约12万")),
    *_table(
        "hr_social_security",
        "employer",
        ("text_backslash_n", 0.01, r"a field holds the text \N"),
        ("date_9999", 0.005, "the change time 9999-09-09"),
        ("date_1899", 0.005, "the change time 1899-12-31"),
        ("number_with_comma", 0.004, "the head count as 5,000000"),
        ("employer_twice", 0.02, "the employer under a second aab001"),
        ("organisation_code", 0.05, "the old nine-character organisation code"),
        ("organisation_code_hyphen", 0.03, "the old organisation code with a hyphen"),
        ("outside_gbk", 0.004, "a name with a character GBK does not have"),
    ),
    *_table(
        "insurance_enrolment",
        "enrolment_task",
        ("second_file", 0.05, "the week comes again as …_002.txt with corrected counts"),
    ),
    *_table(
        "drug_rehab_service",
        "service_count",
        ("slash_for_zero", 0.1, "/ in place of 0"),
        ("full_width_digits", 0.05, "full-width digits"),
        ("year_to_date", 0.04, "counts since January instead of the month"),
        ("second_file", 0.08, "the month comes again as …_2.csv"),
    ),
    *_table(
        "grid_dispatch",
        "event",
        ("grid_code_hyphens", 0.02, "the grid code with hyphens"),
        ("grid_code_20_digits", 0.02, "the grid code filled up to 20 digits"),
        ("utc_clock", 0.01, "times on the UTC clock"),
        ("point_null", 0.01, "POINT (null null) in place of coordinates"),
        ("closed_before_dispatch", 0.01, "the archive time lies before the dispatch"),
        ("reopened", 0.015, "a closed event is opened again"),
    ),
    *_table(
        "cloud_shield",
        "rental_room",
        ("guid_written_otherwise", 0.3, "the GUID of the door plate without dashes or in capitals"),
    ),
    *_table(
        "mobile_collection",
        "collection",
        ("room_with_suffix", 0.12, "room 302 as 302房"),
        ("room_with_floor", 0.05, "room 302 as 三楼302"),
        ("room_with_letter", 0.03, "room 302 as A302"),
        ("old_building_id", 0.04, "the building under its old number"),
        ("person_in_two_houses", 0.004, "a person of another room of the building listed here too"),
        ("move_out_before_move_in", 0.03, "the day of leaving lies before the day of arrival"),
        ("middle_dot", 0.3, "the middle dot of a name as another code point"),
        ("cancel_without_add", 0.001, "a cancellation of a collection nobody sent"),
        ("same_id_twice", 0.003, "the same collect_id again with other content"),
        ("grid_code_hyphens", 0.03, "the grid code with hyphens"),
        ("area_zero", 0.02, "an area of 0"),
        *_NAMES,
    ),
    *_ids("mobile_collection", "collection"),
)
"""Everything that can be wrong, with its rate in a town of the size of a street."""

RATES = {(defect.system, defect.entity, defect.name): defect.rate for defect in DEFECTS}
_RARE = 0.06
_SOON = 0.3
"""Where every defect must happen, a rare one that did not happen yet in a grid has this chance."""


class Hit(str):
    """The name of a defect, with what the spoiled fields should have held, where the spoiled value does not tell it."""

    right: dict[str, Any]

    def __new__(cls, name: str, right: dict[str, Any]) -> "Hit":
        made = super().__new__(cls, name)
        made.right = right
        return made


class Flaws:
    """Decides, for one entity in one part of the town, which records are spoiled and notes how."""

    def __init__(self, town: Town, system: str, entity: str, part: object) -> None:
        self.town, self.place = town, (system, entity)
        self.random: Random = stream(town.seed, "flaws", system, entity, part)
        self._forced: set[str] = set()
        self._wanted = ""
        if town.profile.every_defect and isinstance(part, int):
            self._wanted = ID_ERRORS[part % len(ID_ERRORS)][0]
        self._hits: list[str] = []

    def hit(self, name: str) -> bool:
        """Decide whether this occasion is spoiled; the hit is noted for the row that `take` closes."""
        rate = RATES[*self.place, name]
        if self.town.clean:
            return False
        if self.town.profile.every_defect and rate <= _RARE and name not in self._forced:
            rate = _SOON
        if self.random.random() >= rate:
            return False
        self._forced.add(name)
        self._hits.append(name)
        return True

    def id_error(self) -> str:
        """Decide whether an ID number is missing or wrong, and how: the name of the error, or empty."""
        if self.town.clean or self.random.random() >= self.town.id_rate:
            return ""
        left = self.random.random()
        if self._wanted:
            return self._wanted
        for name, part in ID_ERRORS:
            left -= part
            if left < 0:
                return name
        return ID_ERRORS[-1][0]

    def right(self, **fields: Any) -> None:
        """Keep beside the latest hit what these fields should have held."""
        self._hits[-1] = Hit(self._hits[-1], fields)

    def note(self, name: str) -> None:
        """Note the error that an ID number got in the end."""
        self._hits.append(name)
        if name == self._wanted:
            self._wanted = ""

    def drop(self, name: str) -> None:
        """Take a hit back: the record gave no occasion after all."""
        self._hits.remove(name)
        self._forced.discard(name)

    def take(self) -> tuple[str, ...]:
        """Close the row: its defects so far."""
        hits, self._hits = tuple(self._hits), []
        return hits
