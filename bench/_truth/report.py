"""The tables of the truth bench for people, and the file its documents are made of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

FILE = Path(__file__).resolve().parent.parent / "results" / "truth.json"
Found = dict[str, Any]


def tables(found: Found) -> Iterator[Table]:
    """Marts, register, pairs and days, publications."""
    yield _lines("集市 / marts", found["marts"])
    yield _lines("底册 / the register", found["register"]["lines"])
    yield _agreed(found["register"]["agreed"])
    if found["pasts"]:
        yield _pasts(found["pasts"])
    if found["spread"]:
        yield _still(found["spread"])
    yield _published(found["published"])


def _lines(title: str, lines: list[Found]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("mart", "measure", "true", "told", "warehouse", "published", "difference", "cause"):
        table.add_column(heading, justify="left" if heading in ("mart", "measure", "cause") else "right")
    for line in lines:
        values = [number(line[name]) for name in ("true", "told", "warehouse", "published")]
        held, true = line["warehouse"], line["true"]
        difference = "" if held is None or true is None else number(held - true)
        table.add_row(line["what"], line["measure"], *values, difference, causes(line["causes"]))
        for example in line["examples"]:
            table.add_row("", "", "", "", "", "", "", f"[red]{example}[/]")
    return table


def causes(found: dict[str, int]) -> str:
    """`rounding 12, withheld 3`; rules by name."""
    said = [f"{name} {count:,}" for name, count in sorted(found.items()) if count]
    return ", ".join(said) or "equal"


def number(value: float | None) -> str:
    """A figure for people."""
    return "–" if value is None else f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _agreed(found: dict[str, Found]) -> Table:
    table = Table(title="配对与日期 / pairs and days", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("", "found", "true", "right", "precision", "recall", "best possible"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, one in found.items():
        counts = [f"{one[part]:,}" for part in ("found", "true", "right")]
        table.add_row(name, *counts, f"{one['precision']:.4f}", f"{one['recall']:.4f}", best(one))
    return table


def best(one: Found) -> str:
    """The bound, where there is one."""
    if one["precision_bound"] is None:
        return ""
    return f"P {one['precision_bound']:.4f} R {one['recall_bound']:.4f}"


def _pasts(found: list[Found]) -> Table:
    table = Table(title="过去某日 / past days", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("day", "found", "true", "of known persons", "right", "precision", "recall"):
        table.add_column(heading, justify="right")
    for one in found:
        counts = [f"{one[part]:,}" for part in ("found", "true", "known", "right")]
        table.add_row(one["day"], *counts, f"{one['precision']:.4f}", f"{one['recall']:.4f}")
    return table


def _still(found: list[Found]) -> Table:
    table = Table(
        title="五年不变的指标 / measures that never vary", title_justify="left", box=SIMPLE_HEAD, pad_edge=False
    )
    for heading in ("mart", "measure", "figure", "why"):
        table.add_column(heading)
    for one in found:
        if one["distinct"] < 2:
            table.add_row(one["mart"], one["measure"], number(one["least"]), one["explained"] or "[red]unexplained[/]")
    return table


def _published(found: list[Found]) -> Table:
    table = Table(title="发布 / publications", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("night", "held", "failed", "cells"):
        table.add_column(heading)
    for one in found:
        cells = ", ".join(f"{name} {count:,}" for name, count in one["cells"].items())
        table.add_row(one["night"], ", ".join(one["held"]), ", ".join(one["failed"]), cells)
    return table


def record(found: Found) -> None:
    """Put a run into the file of results, in the place of an earlier one of the same name; examples stay out."""
    kept = {one["name"]: one for one in load()} | {found["name"]: found}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps([kept[name] for name in sorted(kept)], ensure_ascii=False, indent=1) + "\n", "utf8")


def load() -> list[Found]:
    """The runs so far."""
    found: list[Found] = json.loads(FILE.read_text("utf8")) if FILE.exists() else []
    return found
