"""SQL views: our extractor beside pandas, which reads the same rows and tokenises nothing; and tokens on their own.

Two pairs: the views of persons, where every row costs us up to 18 tokens and pandas none, and the views of places,
where there is nothing to tokenise on either side. `small` is a town grown to 100,000 persons of fresh names and
numbers and 100,000 dwellings; `street` is the street as it is, all five years of it.

    python -m bench.sql [--profile small|street] [--seed N] [--json FILE]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench._common import Line, Result, command, faster, installed, told
from bench._extract import KEYS, job
from bench._fresh import FLOATING, REGISTERED, RENTAL, grown_town
from bench._measure import Cost, Side, Work, cpu_of, spread, take_turns, wall_of
from bench._towns import town, wire
from expectations.contract import IDENTITY_COLUMNS

KEY = "social_governance"
ROWS = {REGISTERED: 40_000, FLOATING: 60_000, RENTAL: 100_000}
PERSONS = ("registered_person", "floating_person", "overseas_person")
PLACES = ("rental_house", "building", "grid")
YEARS, DAY = ("2018-01-04", "2023-01-01"), ("2022-11-05", "2022-11-06")
ROUNDS = {"small": 3, "street": 3}
BAR = 1.5
TOKENS = 400_000


def run(profile: str, seed: int) -> Result:
    """Both pairs and the bare tokens in turns."""
    sides = {"tokens": Side("bench.sql:tokens", {"count": TOKENS})}
    with wire(KEY, place(profile, seed)) as connection:
        for name, entities in (("persons", PERSONS), ("places", PLACES)):
            work, warm = (job(KEY, connection, *window, entities) for window in (YEARS, DAY))
            for side, module in (("ours", "_extract"), ("pandas", "_pandas")):
                sides[f"{name}, {side}"] = Side(f"bench.{module}:prepare", {"work": work, "warm": warm})
        costs = take_turns(sides, ROUNDS[profile], told)
    peer = f"pandas {installed('pandas')}"
    per_second = TOKENS / cpu_of(costs["tokens"])
    lines = [
        pair(costs, "persons", "SQL views of persons to tokenised Parquet", f"{peer}, no tokens"),
        pair(costs, "places", "SQL views of places to Parquet", peer),
        Line("tokens alone", per_second, "tokens per CPU second", "one core", 1.0, per_second),
    ]
    return Result("sql", profile, seed, lines, details(costs))


def pair(costs: dict[str, list[Cost]], name: str, what: str, peer: str) -> Line:
    """One pair as a line."""
    ours, theirs = costs[f"{name}, ours"], costs[f"{name}, pandas"]
    rows = rows_of(ours[0], theirs[0])
    return faster(what, rows / cpu_of(ours), peer, rows / cpu_of(theirs), "rows per CPU second", BAR)


def place(profile: str, seed: int) -> Path:
    """The town file to serve."""
    store = town(profile, seed)
    return store.path if profile == "street" else grown_town("views", store, ROWS, seed)


def tokens(count: int) -> Work:
    """The timed part of the third side: keyed tokens of texts as long as an ID number, none of them twice."""
    from extractors._kit.tokens import Tokeniser

    tokeniser = Tokeniser(bytes.fromhex(KEYS["REGISTER_TOKEN_KEY"]))
    texts = [f"{number:018}" for number in range(count)]

    def make() -> dict[str, Any]:
        return {"tokens": len(tokeniser.tokens("id", texts))}

    return make


def rows_of(ours: Cost, theirs: Cost) -> int:
    """Rows of the views. Raises RuntimeError when the sides did not read the same."""
    read = ours.result
    rows = {n: count + read["dropped"][n] - read["deletes"].get(n, 0) for n, count in read["rows"].items()}
    if rows != theirs.result["rows"]:
        raise RuntimeError(f"ours read {rows}, pandas {theirs.result['rows']}")
    return sum(rows.values())


def details(costs: dict[str, list[Cost]]) -> dict[str, Any]:
    """What stands behind the lines."""
    names = [n for n in IDENTITY_COLUMNS if n.endswith("_token")]
    timed = {
        name: {"cpu_seconds": cpu_of(runs), "wall_seconds": wall_of(runs), "spread": spread(runs),
               "peak_mb": max(c.peak_mb for c in runs), **runs[0].result}
        for name, runs in costs.items()
    }  # fmt: skip
    return {"token_columns_per_person": len(names), **timed}


if __name__ == "__main__":
    raise SystemExit(command("sql", run))
