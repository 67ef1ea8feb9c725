"""Splink alone over the same observations: its own blocking, prediction and clustering, no number groups.

It is given every advantage that costs no code of ours: weights learned from the truth of the very data, no training in
the time measured, and the best of several thresholds.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import duckdb

from bench._measure import Work, cpu_seconds
from bench._score import score

THRESHOLDS = (0, 4, 8, 12, 16, 20)
_NODES = """
create table node as
select row_number() over ()::integer as node, obs_key, person, hash(id_token) as id, id_token is not null as numbered,
    case when name_token is not null then hash(name_token) end as name,
    case when name_sound_token is not null then hash(name_sound_token) end as sound,
    case when name_chars_token is not null then hash(name_chars_token) end as chars,
    case when id_token is not null then hash(id_token) end as number,
    case when id_tail_token is not null then hash(id_tail_token) end as tail,
    case when house_key is not null then hash(house_key) end as house,
    case when surname_birth_token is not null then hash(surname_birth_token) end as surname,
    birth_date as birth, id_birth, sex
from {path}
"""
_BLOCKS = (
    "l.number = r.number",
    "l.sound = r.sound and l.birth = r.birth",
    "l.chars = r.chars and l.birth = r.birth",
    "l.tail = r.tail and l.birth = r.birth",
    "l.surname = r.surname and l.house = r.house",
)


def _comparison(name: str, *levels: tuple[str, str]) -> dict[str, Any]:
    listed = [{"sql_condition": sql, "label_for_charts": label} for label, sql in levels]
    null = {"sql_condition": f"{name}_l is null or {name}_r is null", "label_for_charts": "null", "is_null_level": True}
    rest = {"sql_condition": "ELSE", "label_for_charts": "else"}
    return {"output_column_name": f"c_{name}", "comparison_levels": [null, *listed, rest]}


_SETTINGS: dict[str, Any] = {
    "link_type": "dedupe_only",
    "unique_id_column_name": "node",
    "retain_intermediate_calculation_columns": False,
    "retain_matching_columns": False,
    "blocking_rules_to_generate_predictions": list(_BLOCKS),
    "comparisons": [
        _comparison("number", ("same", "number_l = number_r"), ("tail", "tail_l = tail_r")),
        _comparison(
            "sound", ("name", "name_l = name_r"), ("sound", "sound_l = sound_r"), ("chars", "chars_l = chars_r")
        ),
        _comparison("birth", ("same", "birth_l = birth_r")),
        _comparison("sex", ("same", "sex_l = sex_r")),
        _comparison("house", ("same", "house_l = house_r")),
    ],
}


def prepare(path: str) -> Work:
    """Load; timed are what both sides do (hash the tokens), prediction and clustering; training is told apart."""
    from splink import DuckDBAPI, Linker

    connection = duckdb.connect(":memory:", config={"threads": 2})
    connection.execute(f"create table observation as select * from '{path}'")

    def work() -> dict[str, Any]:
        before = cpu_seconds()
        connection.execute(_NODES.format(path="observation"))
        prepared = cpu_seconds() - before
        [(rows, persons)] = connection.execute("select count(*), count(distinct person) from node").fetchall()
        settings = {**_SETTINGS, "probability_two_random_records_match": (rows / persons - 1) / rows}
        linker = Linker(DuckDBAPI(connection).register("node"), settings, log_level=40)
        before = cpu_seconds()
        linker.training.estimate_u_using_random_sampling(max_pairs=2_000_000, seed=1)
        linker.training.estimate_m_from_label_column("person")
        trained = cpu_seconds() - before
        before = cpu_seconds()
        predicted = linker.inference.predict(threshold_match_weight=min(THRESHOLDS))
        spent = prepared + cpu_seconds() - before
        tried = [_clustered(linker, connection, predicted, at, spent) for at in THRESHOLDS]
        return {**max(tried, key=lambda found: found["f1"]), "training_cpu": trained}

    return work


def _clustered(
    linker: Any, connection: duckdb.DuckDBPyConnection, predicted: Any, at: int, spent: float
) -> dict[str, Any]:
    """One threshold: figures, and the CPU seconds of the prediction and of this clustering alone."""
    before = cpu_seconds()
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_weight=at)
    cpu = spent + cpu_seconds() - before
    member = f"(select obs_key, cluster_id as person_id from {clusters.physical_name})"
    return {**score(connection, member, "node"), "threshold": at, "cpu": cpu}


def available() -> bool:
    """Whether the peer is installed (dependency group `bench`)."""
    return find_spec("splink") is not None
