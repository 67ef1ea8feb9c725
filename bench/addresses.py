"""The address parser: speed beside parsers that stop at the county or the village, rooms found again, labelled files.

    python -m bench.addresses [--profile small|street] [--seed N] [--json FILE]
    python -m bench.addresses --labelled FILE [--json FILE]

Rooms: every pair of different texts of one room, across the systems of the town, is to get one key, and no pair of two
rooms may. A labelled file has a token and its BIO label per line and a blank line between addresses.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa

from bench._addresses import read_labelled, rewrite, score, written_rooms
from bench._common import Line, Result, console, counts_hold, faster, installed, table_of, told
from bench._measure import Cost, Side, cpu_of, scratch, spread, take_turns
from bench._towns import town
from warehouse.address import address_table

RATE = 60_000
PRECISION, RECALL = 0.998, 0.98
F1, DOOR_TO_ROOM = 0.92, 0.86
REWRITTEN = 0.25
ROUNDS = 3
PEERS = {"jionlp": 2_000, "cpca": 20_000}  # how many texts each gets: enough to tell, not to wait
_LISTED = 20


def run(profile: str, seed: int) -> Result:
    """Speed and rooms, on the town as written and with a quarter of it written otherwise."""
    plain = written_rooms(town(profile, seed))
    random = Random(seed)
    mixed = list(dict.fromkeys((rewrite(random, t) if random.random() < REWRITTEN else t, r) for t, r in plain))
    as_written, again = rooms(plain), rooms(mixed)
    costs = speed(list(dict.fromkeys(text for text, _ in mixed)))
    lines = [*speed_lines(costs), *room_lines("as written", as_written), *room_lines("a quarter rewritten", again)]
    return Result("addresses", profile, seed, lines, details(costs, as_written, again))


def speed(texts: list[str]) -> dict[str, list[Cost]]:
    """Ours over all distinct texts and the peers over the first of them, in turns."""
    Random(1).shuffle(texts)
    with scratch() as folder:
        place = folder / "texts.txt"
        place.write_text("\n".join(texts), "utf8")
        sides = {"ours": Side("bench._addresses:ours", {"place": str(place), "limit": len(texts)})}
        for name, limit in PEERS.items():
            if installed(name):
                sides[name] = Side(f"bench._addresses:{name}", {"place": str(place), "limit": limit})
        return take_turns(sides, ROUNDS, told)


def rate(costs: list[Cost]) -> float:
    """Texts per CPU second."""
    count: int = costs[0].result["rows"]
    return count / cpu_of(costs)


def speed_lines(costs: dict[str, list[Cost]]) -> list[Line]:
    """Ours against the bar, and told beside the peers, neither of which splits a door from a room."""
    mine, unit = rate(costs["ours"]), "addresses per CPU second"
    lines = [faster("distinct addresses to room keys", mine, "the bar", RATE, unit, 1.0)]
    stops = {"jionlp": "to the village only", "cpca": "to the county only"}
    return lines + [
        faster("the same beside", mine, f"{name} {installed(name)}, {stops[name]}", rate(runs), unit, None)
        for name, runs in costs.items()
        if name != "ours"
    ]


def rooms(written: list[tuple[str, str]]) -> dict[str, Any]:
    """Pairs of texts of one room, of one key, of both; and what got no key, by reason."""
    table = address_table(pa.array([text for text, _ in written]))
    keys = dict(zip(table["raw"].to_pylist(), table["key"].to_pylist(), strict=True))
    reasons = Counter(row["reason"] or "no room in it" for row in table.to_pylist() if row["key"] is None)
    by_room, by_key, both = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for text, room in written:
        by_room[room] += 1
        if (key := keys[text]) is not None:
            by_key[key] += 1
            both[key, room] += 1
    claimed, true, right = (sum(n * (n - 1) // 2 for n in counts.values()) for counts in (by_key, by_room, both))
    open_texts = [text for text in keys if keys[text] is None][:_LISTED]
    return {
        "texts": len(keys), "rooms": len(by_room), "pairs": true, "claimed": claimed, "right": right,
        "precision": right / claimed, "recall": right / true, "without_key": dict(reasons), "examples": open_texts,
    }  # fmt: skip


def room_lines(what: str, found: dict[str, Any]) -> list[Line]:
    """Precision and recall of equal keys."""
    return [
        faster(f"same room by key, {what}: precision", found["precision"], "of the truth's pairs", 1, "", PRECISION),
        faster(f"same room by key, {what}: recall", found["recall"], "of the truth's pairs", 1, "", RECALL),
    ]


def details(costs: dict[str, list[Cost]], as_written: dict[str, Any], again: dict[str, Any]) -> dict[str, Any]:
    """What stands behind the lines; the texts are of a simulated town."""
    timed = {n: {"cpu_seconds": cpu_of(c), "spread": spread(c), "rows": c[0].result["rows"]} for n, c in costs.items()}
    return {**timed, "as_written": as_written, "rewritten": again}


def labelled(path: Path) -> Result:
    """A labelled file: micro-F1 over eleven labels, and the share of addresses right from door to room."""
    found = score(read_labelled(path))
    share = found.door_to_room / found.with_door
    by_label = {
        name: {"precision": right / max(claimed, 1), "recall": right / max(true, 1), "true": true}
        for name, (right, claimed, true) in found.by_label.items()
    }
    lines = [
        faster("labelled addresses: micro-F1 of 11 labels", found.f1, "all right", 1, "", F1),
        faster("labelled addresses: door to room all right", share, "all right", 1, "", DOOR_TO_ROOM),
    ]
    return Result("addresses", "labelled", 0, lines, {"with_door": found.with_door, "labels": by_label})


def main() -> int:
    """The command line. A share below its bar is told, not an exit status: the file is the caller's."""
    parser = argparse.ArgumentParser(prog="python -m bench.addresses", description=__doc__)
    parser.add_argument("--labelled", type=Path, metavar="FILE", help="score a labelled file and nothing else")
    parser.add_argument("--profile", default="small", choices=("small", "street"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON object here, too")
    call = parser.parse_args()
    result = (labelled(call.labelled) if call.labelled else run(call.profile, call.seed)).as_dict()
    console.print(table_of([result]))
    text = json.dumps(result, ensure_ascii=False)
    if call.json:
        call.json.write_text(text + "\n", "utf8")
    sys.stdout.write(text + "\n")
    return 0 if counts_hold(result) else 1


if __name__ == "__main__":
    raise SystemExit(main())
