"""SQL views: our extractor beside pandas, which reads the same rows and tokenises nothing; and tokens on their own.

`small` is a town with 40,000 registered and 60,000 floating persons of fresh names and numbers; `street` is the
street as it is, all five years of it.

    python -m bench.sql [--profile small|street] [--seed N] [--json FILE]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench._common import Line, Result, command, faster, installed, told
from bench._extract import KEYS, job
from bench._fresh import FLOATING, REGISTERED, grown_town
from bench._measure import Cost, Side, Work, cpu_of, spread, take_turns, wall_of
from bench._towns import town, wire
from expectations.contract import IDENTITY_COLUMNS

KEY = "social_governance"
ROWS = {REGISTERED: 40_000, FLOATING: 60_000}
YEARS, DAY = ("2018-01-04", "2023-01-01"), ("2022-11-05", "2022-11-06")
ROUNDS = {"small": 5, "street": 3}
BAR = 1.5
TOKENS = 400_000


def run(profile: str, seed: int) -> Result:
    """Both sides and the bare tokens in turns."""
    with wire(KEY, place(profile, seed)) as connection:
        arguments = {"work": job(KEY, connection, *YEARS), "warm": job(KEY, connection, *DAY)}
        sides = {
            "ours": Side("bench._extract:prepare", arguments),
            "pandas": Side("bench._pandas:prepare", arguments),
            "tokens": Side("bench.sql:tokens", {"count": TOKENS}),
        }
        costs = take_turns(sides, ROUNDS[profile], told)
    rows = landed_rows(costs)
    peer = f"pandas {installed('pandas')}, no tokens"
    ours, theirs = rows / cpu_of(costs["ours"]), rows / cpu_of(costs["pandas"])
    per_second = TOKENS / cpu_of(costs["tokens"])
    lines = [
        faster("SQL views to tokenised Parquet", ours, peer, theirs, "rows per CPU second", BAR),
        Line("tokens alone", per_second, "tokens per CPU second", "rows of pandas", theirs, per_second / theirs),
    ]
    return Result("sql", profile, seed, lines, details(costs, rows))


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


def landed_rows(costs: dict[str, list[Cost]]) -> int:
    """Rows of the views. Raises RuntimeError when the sides did not read the same."""
    ours, theirs = costs["ours"][0].result, costs["pandas"][0].result["rows"]
    rows = {name: ours["rows"][name] + ours["dropped"][name] - ours["deletes"].get(name, 0) for name in theirs}
    if rows != theirs:
        raise RuntimeError(f"ours read {rows}, pandas {theirs}")
    return sum(theirs.values())


def details(costs: dict[str, list[Cost]], rows: int) -> dict[str, Any]:
    """What stands behind the lines."""
    names = [n for n in IDENTITY_COLUMNS if n.endswith("_token")]
    timed = {n: {"cpu_seconds": cpu_of(c), "wall_seconds": wall_of(c), "spread": spread(c)} for n, c in costs.items()}
    peaks = {f"{name}_peak_mb": max(c.peak_mb for c in runs) for name, runs in costs.items()}
    return {"rows": rows, "token_columns_per_person": len(names), **peaks, **timed}


if __name__ == "__main__":
    raise SystemExit(command("sql", run))
