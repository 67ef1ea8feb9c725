"""Weights learned from observations whose persons are known, by Splink, into a new model file.

Flow: observations with a column `person` -> the resolver's own evidence -> m from the truth, u from random pairs ->
weights of the levels that are not fixed. One thread and rounded figures: the same file comes out to the last byte.
Splink is asked for the figures only; the nightly run does not import it.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import duckdb

from expectations.sql import joined, name
from warehouse.resolver.compare import condition, suffixed_columns
from warehouse.resolver.evidence import build_evidence
from warehouse.resolver.model import Comparison, Model, load_model
from warehouse.resolver.resolve import JUDGEMENTS, OBSERVATIONS
from warehouse.resolver.sql import statement

PAIRS = 2_000_000
_COLUMNS = (
    "name", "sound", "chars", "surname", "given", "char1", "char2", "surname_id", "given_id", "char1_id", "char2_id",
    "rarity", "birth", "id_birth", "sex", "sex_id", "id", "id_type", "tail", "division",
)  # fmt: skip


def train(base: Path, observations: Path, out: Path, *, seed: int) -> Model:
    """Write the model `base` with newly learned weights to `out`; the version goes up by one unless it is the first.

    Raises CallRejected RE-MODEL when `base`, or what came out, is no model.
    """
    model = load_model(base)
    found = _estimates(model, observations, seed)
    raw = json.loads(base.read_text("utf8"))
    for comparison in raw["comparisons"]:
        for level in comparison["levels"]:
            learned = found.get((comparison["name"], level["name"]))
            if learned is not None and not level.get("fixed"):
                level["weight"] = round(100 * math.log2(learned[0] / learned[1]))
    raw["trained"] = {"observations": observations.stem, "seed": seed, "pairs": PAIRS}
    out.write_text(as_text(raw), "utf8")
    return load_model(out)


def as_text(raw: dict[str, Any]) -> str:
    """A model as it is stored: one level, block or cap a line, so that a review shows what changed."""
    lines = []
    for key, value in raw.items():
        if key in ("blocks", "caps"):
            rows = ",\n".join(f"  {_line(row)}" for row in value)
            lines.append(f" {_line(key)}: [\n{rows}\n ]")
        elif key == "comparisons":
            lines.append(f" {_line(key)}: [\n" + ",\n".join(map(_comparison_text, value)) + "\n ]")
        else:
            lines.append(f" {_line(key)}: {_line(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _comparison_text(raw: dict[str, Any]) -> str:
    levels = ",\n".join(f"   {_line(level)}" for level in raw["levels"])
    return f'  {{"name": {_line(raw["name"])}, "levels": [\n{levels}\n  ]}}'


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _estimates(model: Model, observations: Path, seed: int) -> dict[tuple[str, str], tuple[float, float]]:
    """(comparison, level) -> (m, u) where both were seen."""
    from splink import DuckDBAPI, Linker  # a second to import, and only training needs it

    connection = duckdb.connect(":memory:", config={"threads": 1})
    connection.execute("create schema register")
    connection.execute(
        "create table register.person_judgement "
        "(judgement_id varchar, left_key varchar, right_key varchar, verdict varchar)"
    )
    connection.read_parquet(str(observations)).create("register.person_observation")
    build_evidence(connection, model, OBSERVATIONS, JUDGEMENTS)
    connection.execute(statement("training", columns=joined([name("e", c) for c in _COLUMNS], ", ")))
    linker = Linker(DuckDBAPI(connection).register("training"), _settings(model), log_level=40)
    linker.training.estimate_u_using_random_sampling(max_pairs=PAIRS, seed=seed, min_count_per_level=None, num_chunks=1)
    linker.training.estimate_m_from_label_column("person")
    learned = linker.misc.save_model_to_json(out_path=None)
    connection.close()
    return _figures(model, learned)


def _figures(model: Model, learned: dict[str, Any]) -> dict[tuple[str, str], tuple[float, float]]:
    found = {}
    for comparison, said in zip(_compared(model), learned["comparisons"], strict=True):
        levels = [level for level in said["comparison_levels"] if not level.get("is_null_level")]
        for level, figures in zip(comparison.levels, levels, strict=True):
            m, u = figures.get("m_probability"), figures.get("u_probability")
            if isinstance(m, float) and isinstance(u, float) and m > 0 and u > 0:
                found[comparison.name, level.name] = (m, u)
    return found


def _compared(model: Model) -> list[Comparison]:
    """Comparisons with something to learn; a dwelling's weights are fixed, for families break independence there."""
    return [c for c in model.comparisons if not all(level.fixed for level in c.levels[:-1])]


def _settings(model: Model) -> dict[str, Any]:
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "node",
        "retain_intermediate_calculation_columns": False,
        "blocking_rules_to_generate_predictions": ["l.sound = r.sound and l.birth = r.birth"],
        "comparisons": [_comparison(c) for c in _compared(model)],
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    levels = [
        {
            "sql_condition": str(condition(level.when, suffixed_columns)) if level.when else "ELSE",
            "label_for_charts": level.name,
        }
        for level in comparison.levels
    ]
    return {"output_column_name": f"level_{comparison.name}", "comparison_levels": levels}
