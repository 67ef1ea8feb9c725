"""Conditions of a model as SQL over two rows: `l` and `r` with columns of one name, or `x_l` and `x_r` for training."""

from __future__ import annotations

from collections.abc import Callable

from expectations.sql import Sql, fill, joined, name, value
from warehouse.resolver.model import VERDICTS, Alternatives, Atom, Comparison, Model

Side = Callable[[str, str], Sql]
TRUE = Sql("true")


def pair_columns(side: str, column: str) -> Sql:
    """`"l"."column"`: how the resolver names the two rows."""
    return name(side, column)


def suffixed_columns(side: str, column: str) -> Sql:
    """`"column_l"`: how the trainer names them."""
    return name(f"{column}_{side}")


def condition(when: Alternatives, side: Side = pair_columns) -> Sql:
    """Alternatives of atoms; an empty list is always true."""
    if not when:
        return TRUE
    every = [fill("({{atoms}})", atoms=joined([_atom(atom, side) for atom in atoms], " and ")) for atoms in when]
    return fill("({{alternatives}})", alternatives=joined(every, " or "))


def level_of(comparison: Comparison) -> Sql:
    """The index of the level a pair comes to."""
    cases = [
        fill("when {{when}} then {{index}}", when=condition(level.when), index=value(index))
        for index, level in enumerate(comparison.levels[:-1])
    ]
    last = value(len(comparison.levels) - 1)
    if not cases:
        return last
    return fill("(case {{cases}} else {{last}} end)", cases=joined(cases, " "), last=last)


def levels_of(model: Model) -> Sql:
    """The level of each comparison, as columns of their names."""
    columns = [fill("{{level}} as {{name}}", level=level_of(c), name=_column(c.name)) for c in model.comparisons]
    return joined(columns, ", ")


def weight_of(model: Model) -> Sql:
    """The weight of a pair from the columns of `levels_of`, in hundredths of a bit."""
    parts = [_looked_up(c, [value(level.weight) for level in c.levels]) for c in model.comparisons]
    return joined([value(model.prior), *parts], " + ")


def verdict_of(model: Model) -> Sql:
    """The most a pair may come to: 0 none, 1 review, 2 same; the lowest of the caps that apply."""
    caps = [
        fill("case when {{when}} then {{most}} else 2 end", when=_cap(model, cap.when), most=value(rank(cap.at_most)))
        for cap in model.caps
    ]
    return fill("least({{caps}})", caps=joined([value(2), *caps], ", "))


def levels_text(model: Model) -> Sql:
    """The names of the levels, separated by blanks: what `person_edge.levels` holds."""
    parts = [_looked_up(c, [value(f"{c.name}:{level.name}") for level in c.levels]) for c in model.comparisons]
    return fill("concat_ws(' ', {{parts}})", parts=joined(parts, ", "))


def rank(verdict: str) -> int:
    """0 none, 1 review, 2 same."""
    return VERDICTS.index(verdict)


def _column(comparison: str) -> Sql:
    return name(f"level_{comparison}")


def _looked_up(comparison: Comparison, constants: list[Sql]) -> Sql:
    return fill("([{{all}}])[{{level}} + 1]", all=joined(constants, ", "), level=_column(comparison.name))


def _cap(model: Model, when: object) -> Sql:
    assert isinstance(when, dict)
    tests = []
    for comparison in model.comparisons:
        if comparison.name in when:
            indexes = [i for i, level in enumerate(comparison.levels) if level.name in when[comparison.name]]
            found = joined([value(i) for i in indexes], ", ")
            tests.append(fill("{{column}} in ({{found}})", column=_column(comparison.name), found=found))
    return joined(tests, " and ")


_TEMPLATES = {
    "equal": "coalesce({{la}} = {{ra}}, false)",
    "crossed": "coalesce({{la}} = {{rb}} and {{lb}} = {{ra}}, false)",
    "any": "(coalesce({{la}} = {{ra}}, false) or coalesce({{la}} = {{rb}}, false)"
    " or coalesce({{lb}} = {{ra}}, false) or coalesce({{lb}} = {{rb}}, false))",
    "both": "({{la}} is not null and {{ra}} is not null)",
    "one_missing": "({{la}} is null or {{ra}} is null)",
    "differs": "coalesce({{la}} <> {{ra}}, false)",
    "is": "(coalesce({{la}} = {{constant}}, false) and coalesce({{ra}} = {{constant}}, false))",
    # Two of year, month and day agree, or month and day changed places.
    "date_near": "coalesce((year({{la}}) = year({{ra}}))::int + (month({{la}}) = month({{ra}}))::int"
    " + (day({{la}}) = day({{ra}}))::int >= 2"
    " or (year({{la}}) = year({{ra}}) and month({{la}}) = day({{ra}}) and day({{la}}) = month({{ra}})), false)",
    "share_home": "coalesce(list_has_any({{lhomes}}, {{rhomes}}), false)",
    "both_home": "({{lhomes}} is not null and {{rhomes}} is not null)",
    "similar": "coalesce(jaro_winkler_similarity({{la}}, {{ra}}) >= {{number}}, false)",
    "edits": "coalesce(damerau_levenshtein({{la}}, {{ra}}) <= {{number}}, false)",
}
_COLUMNS = {"equal": 1, "crossed": 2, "any": 2, "share_home": 0, "both_home": 0}


def _atom(atom: Atom, side: Side) -> Sql:
    verb, *rest = atom
    template = _TEMPLATES[verb]
    columns = rest[: _COLUMNS.get(verb, 1)]
    parts = {}
    for letter, column in zip("ab", columns, strict=False):
        parts[f"l{letter}"], parts[f"r{letter}"] = side("l", column), side("r", column)
    if verb in ("share_home", "both_home"):
        parts = {"lhomes": side("l", "homes"), "rhomes": side("r", "homes")}
    if verb == "is":
        parts["constant"] = value(rest[1])
    if verb in ("similar", "edits"):
        parts["number"] = value(float(rest[1]))
    return fill(template, **parts)
