"""docs/defects.md and the table of bench.defects: what is injected, which rule catches it, and what none does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

BEGIN, END = "<!-- generated: defects -->", "<!-- end: defects -->"
HEAD = """# What is spoiled, and what catches it

The town spoils its records in known ways (`simulator/town/defects.py`). A spoiled town and its clean twin are read over
their real wires, staged and judged as one night; `bench/defects.yml` says which rule is meant to catch which defect.
Counted in records, least caught first. **not seen**: dropped by a rule of the edge (named), overwritten by the source
before it was read, `emptied` (a null word read as the empty field it means, where the field may be empty), or not in
staging for a reason nobody states (`absent`). **recall**: of those that were seen.
**caught**: a rule names the record, whether it empties the value, sets the row aside or only notes it (`effect`).
**any rule**: named by whatever rule. **clean**: rows of the clean town that the same rules raise.
"""


def recall_table(kinds: Sequence[dict[str, Any]]) -> Table:
    """For people at a terminal."""
    table = Table("defect", "injected", "not seen", "caught", "recall", "any rule", "clean", "rules")
    for kind in kinds:
        table.add_row(
            f"{kind['system']}.{kind['entity']}.{kind['defect']}", str(kind["injected"]), unseen(kind),
            str(kind["caught"]), recall(kind), str(kind["named"]), str(kind["clean_alarms"]), rules(kind),
        )  # fmt: skip
    return table


def unseen(kind: dict[str, Any]) -> str:
    """`12 accusation_is_not_taken, 3 overwritten`."""
    parts = [f"{count} {rule}" for rule, count in kind["dropped"].items()]
    parts += [f"{kind[what]} {what}" for what in ("overwritten", "emptied", "absent") if kind[what]]
    return ", ".join(parts) or "–"


def recall(kind: dict[str, Any]) -> str:
    """In percent; `mended` where nothing is left to catch."""
    if kind["mended"]:
        return "mended"
    return "–" if kind["recall"] is None else f"{kind['recall']:.1%}"


def rules(kind: dict[str, Any]) -> str:
    """The meant rules with what each of them named, or where the defect is mended."""
    if kind["mended"]:
        return f"no rule; {kind['mended']}: {kind['how']}"
    return ", ".join(f"{rule} {count}" for rule, count in kind["rules"].items())


def write_document(path: Path, result: dict[str, Any]) -> None:
    """Fill the generated block; the text around it, if there is some, stays."""
    old = path.read_text("utf8") if path.exists() else f"{HEAD}\n{BEGIN}\n{END}\n"
    head, _, rest = old.partition(BEGIN)
    tail = rest.partition(END)[2]
    path.write_text(f"{head}{BEGIN}\n{_body(result)}\n{END}{tail or chr(10)}", "utf8")


def _body(result: dict[str, Any]) -> str:
    details = result["details"]
    rows = ["| defect | what it does | injected | not seen | caught | recall | any rule | clean | caught by |",
            "|---|---|--:|---|--:|--:|--:|--:|---|"]  # fmt: skip
    for kind in details["table"]:
        name = f"{kind['system']}.{kind['entity']}.{kind['defect']}"
        cells = (
            f"`{name}`", kind["does"], kind["injected"], unseen(kind), kind["caught"], recall(kind), kind["named"],
            kind["clean_alarms"], rules(kind),
        )  # fmt: skip
        rows.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    alarms = [f"- `{rule}`: {count}" for rule, count in details["alarms"].items()] or ["None."]
    missed = [f"- `{name}`" for name in details["missed"]] or ["None."]
    parts = [
        f"Made by `{result['command']}`.", "", *rows, "", "## Caught by no rule", "", *missed, "",
        "## False alarms on the clean town", "", *alarms,
    ]  # fmt: skip
    return "\n".join(parts)
