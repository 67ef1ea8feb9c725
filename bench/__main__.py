"""Run the benches one after the other and keep their results in bench/results.json.

    python -m bench            the quick ones on the small town
    python -m bench --full     all of them at life size, some hours on two cores
    python -m bench rest sql   these only; the others keep their last result

A result is replaced by the next run of the same bench and profile. Exit status 1 only for rows lost, doubled or torn.
"""

from __future__ import annotations

import argparse
import importlib
import json
from typing import Any

from bench._common import RESULTS, console, counts_hold, table_of, told

BENCHES = (
    "rest",
    "sql",
    "staging",
    "memory",
    "ties",
    "kills",
    "quality",
    "defects",
    "addresses",
    "febrl",
    "register",
    "marts",
    "publish",
    "disclosure",
    "night",
    "truth",
)
QUICK = ("rest", "sql", "staging", "ties", "addresses")


def main() -> int:
    """Run, print the table, write the file."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="BENCH", help=f"of {', '.join(BENCHES)}; default: the quick ones")
    parser.add_argument("--full", action="store_true", help="all of them, at life size")
    parser.add_argument("--seed", type=int, default=7)
    call = parser.parse_args()
    if unknown := set(call.only) - set(BENCHES):
        parser.error(f"no bench {min(unknown)!r}")
    names = call.only or (BENCHES if call.full else QUICK)
    made = []
    for name in names:
        made.append(run(name, "street" if call.full else "small", call.seed))
        keep(made)  # after each: an hour's figures are not lost to the last one
    console.print(table_of(made))
    return 0 if all(counts_hold(result) for result in made) else 1


def run(name: str, profile: str, seed: int) -> dict[str, Any]:
    """One bench."""
    told(f"bench.{name}, {profile}")
    result: dict[str, Any] = importlib.import_module(f"bench.{name}").run(profile, seed).as_dict()
    return result


def keep(made: list[dict[str, Any]]) -> None:
    """Put the results into the file, in the place of earlier ones of the same bench and profile."""
    results = {(r["bench"], r["profile"]): r for r in [*load(), *made]}
    order = sorted(results, key=lambda key: (BENCHES.index(key[0]), key[1]))
    text = json.dumps([results[key] for key in order], ensure_ascii=False, indent=1)
    RESULTS.write_text(text + "\n", "utf8")


def load() -> list[dict[str, Any]]:
    """The results so far."""
    if not RESULTS.exists():
        return []
    results: list[dict[str, Any]] = json.loads(RESULTS.read_text("utf8"))
    return results


if __name__ == "__main__":
    raise SystemExit(main())
