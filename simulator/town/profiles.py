"""How large a town is: `small` for tests and the demonstration, `street` at life size, `district` for load trials.

The figures of the street are those of sources.md. `small` is a sixtieth, with a handful of everything; the
district is the same street with thirty times the grids, so that every code list and contract still holds.
"""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Profile:
    """Sizes of one town; `*_a_year` are flows, the rest are stocks at the end of 2022."""

    name: str
    residents: int
    grids: int
    buildings: int
    rooms: int
    organisations: int
    cameras: int
    recorders: int
    door_devices: int
    facilities: int
    collections_a_year: int
    events_a_year: int
    petitions_a_year: int
    disputes_a_year: int
    clues_a_year: int
    window_services_a_year: int
    every_defect: bool = False
    """Make each rare defect happen at least once in each grid that gives it the occasion."""


STREET = Profile(
    "street",
    residents=120_000,
    grids=120,
    buildings=6_500,
    rooms=75_000,
    organisations=15_000,
    cameras=1_800,
    recorders=90,
    door_devices=6_000,
    facilities=6_000,
    collections_a_year=150_000,
    events_a_year=39_000,
    petitions_a_year=600,
    disputes_a_year=900,
    clues_a_year=250,
    window_services_a_year=12_000,
)
SMALL = Profile(
    "small",
    residents=2_000,
    grids=12,
    buildings=110,
    rooms=1_250,
    organisations=250,
    cameras=60,
    recorders=6,
    door_devices=100,
    facilities=100,
    collections_a_year=2_500,
    events_a_year=650,
    petitions_a_year=60,
    disputes_a_year=60,
    clues_a_year=36,
    window_services_a_year=200,
    every_defect=True,
)


def _times(profile: Profile, name: str, factor: int) -> Profile:
    sizes: dict[str, Any] = {key: value * factor for key, value in vars(profile).items() if type(value) is int}
    return replace(profile, name=name, **sizes)


PROFILES = {profile.name: profile for profile in (SMALL, STREET, _times(STREET, "district", 30))}


@dataclass(frozen=True)
class Town:
    """What a town is made from: the same four values always give the same town."""

    profile: Profile
    seed: int
    clean: bool = False
    id_rate: float = 0.05
