"""Templates of households: which people live together, how old they are and whose surname they carry."""

from simulator.town.people import (
    CITY,
    DAUGHTER,
    HEAD,
    LOCAL,
    MIGRANT,
    OTHER,
    PARENT,
    SON,
    SPOUSE,
    Household,
    Person,
    Registry,
)
from simulator.town.seeding import weigh

_OWNERS = (
    ("elder", 0.07),
    ("elders", 0.13),
    ("couple", 0.12),
    ("one", 0.22),
    ("two", 0.16),
    ("three", 0.2),
    ("single", 0.06),
    ("parent", 0.04),
)
_TENANTS = (("single", 0.38), ("couple", 0.22), ("one", 0.15), ("two", 0.07), ("sharers", 0.12), ("three", 0.06))
_GUESTS = (3, 9, 15, 21)
"""Households of the first grid that come from Hong Kong or abroad, so that even a small town has some."""
_TWINS = 0.03
"""Share of twins among the younger children of a family with two."""


def make_household(registry: Registry, day: int, owner: bool) -> Household:
    """Make the household that moves in on `day`."""
    random = registry.random
    if owner:
        pop_type = LOCAL if random.random() < 0.88 else CITY
    else:
        pop_type = weigh(random, ((MIGRANT, 0.76), (CITY, 0.17), (LOCAL, 0.07)))
        if random.random() < 0.014 or (registry.grid == 0 and registry.households in _GUESTS):
            return _visitors(registry, day)
    shape = weigh(random, _OWNERS if owner else _TENANTS)
    if shape in ("single", "elder"):
        people = _single(registry, day, pop_type, shape == "elder")
    elif shape == "sharers":
        people = _sharers(registry, day, pop_type)
    else:
        people = _family(registry, day, pop_type, shape)
    return registry.household(owner, people)


def newborn(registry: Registry, day: int, mother: Person, family: str) -> Person:
    """Make the baby born on `day` to a mother living here."""
    sex = 1 if registry.random.random() < 0.53 else 2
    return registry.person(sex, day, mother.pop_type, family, mother.hk_place, baby=True)


def newcomer_spouse(registry: Registry, partner: Person) -> Person:
    """Make the person from outside whom a resident marries."""
    birth = partner.birth + int(registry.random.gauss(0, 900))
    return registry.person(3 - partner.sex, birth, partner.pop_type if registry.random.random() < 0.5 else MIGRANT)


def _single(registry: Registry, day: int, pop_type: int, elder: bool) -> list[tuple[Person, str]]:
    random = registry.random
    age = 66 + 24 * random.random() ** 2 if elder else 19 + 36 * random.random() ** 1.8
    sex = 1 if random.random() < (0.35 if elder else 0.55) else 2
    birth = registry.born(day, age)
    person = registry.dotted(sex, birth) if random.random() < 0.02 else registry.person(sex, birth, pop_type)
    person.single = not elder
    return [(person, HEAD)]


def _sharers(registry: Registry, day: int, pop_type: int) -> list[tuple[Person, str]]:
    """Two to four colleagues of one sex with nothing else in common."""
    random = registry.random
    sex, people = (1 if random.random() < 0.6 else 2), []
    for place in range(2 + int(random.random() * 3)):
        birth = registry.born(day, 18 + 18 * random.random())
        person = registry.dotted(sex, birth) if random.random() < 0.01 else registry.person(sex, birth, pop_type)
        person.single = True
        people.append((person, HEAD if place == 0 else OTHER))
    return people


def _family(registry: Registry, day: int, pop_type: int, shape: str) -> list[tuple[Person, str]]:
    """A couple or one parent, with children and perhaps a parent of the head."""
    random = registry.random
    age = {"elders": 57 + 28 * random.random(), "couple": 24 + 34 * random.random() ** 1.4}.get(
        shape, 27 + 27 * random.random() ** 1.2
    )
    head = registry.person(1 if random.random() < 0.85 else 2, registry.born(day, age), pop_type)
    people = [(head, HEAD)]
    if shape != "parent":
        birth = min(head.birth + int(random.gauss(500 if head.sex == 1 else -500, 700)), day - 7_300)
        people.append((registry.person(3 - head.sex, birth, pop_type), SPOUSE))
    if shape in ("one", "two", "three", "parent"):
        wanted = 2 if shape == "two" or (shape == "three" and random.random() < 0.4) else 1
        people.extend(_children(registry, day, people, wanted))
    if shape == "three":
        people.extend(_grandparents(registry, head))
    return people


def _children(registry: Registry, day: int, parents: list[tuple[Person, str]], wanted: int) -> list[tuple[Person, str]]:
    random = registry.random
    father = next((person for person, _ in parents if person.sex == 1), parents[0][0])
    mother = next((person for person, _ in parents if person.sex == 2), parents[0][0])
    family = father.surname if random.random() < 0.96 else mother.surname
    children: list[tuple[Person, str]] = []
    birth = min(day - 60, mother.birth + int((21 + 9 * random.random()) * 365.25))
    for _ in range(wanted):
        sex = 1 if random.random() < 0.53 else 2
        child = registry.person(sex, birth, father.pop_type, family, father.hk_place, baby=day - birth < 365)
        children.append((child, SON if sex == 1 else DAUGHTER))
        if random.random() < _TWINS and wanted > 1:
            other = sex if random.random() < 0.65 else 3 - sex
            children.append((registry.twin(child, other), SON if other == 1 else DAUGHTER))
            break
        birth += 500 + int(random.random() * 2_000)
        if birth > day - 30:
            break
    return children


def _grandparents(registry: Registry, head: Person) -> list[tuple[Person, str]]:
    random = registry.random
    birth = head.birth - int((22 + 8 * random.random()) * 365.25)
    elder = registry.person(2 if random.random() < 0.65 else 1, birth, head.pop_type)
    people = [(elder, PARENT)]
    if elder.sex == 1:
        elder.name, elder.surname = head.surname + elder.name[len(elder.surname) :], head.surname
    if random.random() < 0.45:
        spouse = registry.person(3 - elder.sex, birth + int(random.gauss(0, 800)), head.pop_type)
        if spouse.sex == 1:
            spouse.name, spouse.surname = head.surname + spouse.name[len(spouse.surname) :], head.surname
        people.append((spouse, PARENT))
    return people


def _visitors(registry: Registry, day: int) -> Household:
    """One or two people from Hong Kong, Macau, Taiwan or abroad."""
    random = registry.random
    foreign = random.random() < 0.5
    people = []
    for place in range(1 + (random.random() < 0.3)):
        birth = registry.born(day, 24 + 36 * random.random())
        people.append((registry.visitor(birth, 1 + (random.random() < 0.45), foreign), HEAD if place == 0 else SPOUSE))
    return registry.household(False, people)
