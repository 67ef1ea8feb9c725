"""The BI service's assets: they hold together, and every figure of the dashboard is one that an analyst may ask for."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
import sqlglot
import yaml
from sqlglot import exp

from expectations.marts import load_marts
from tests.warehouse.decision_stores import postgres, run_sql, text_of
from tests.warehouse.five_years import NIGHT, home
from warehouse.decisions.store import open_decisions
from warehouse.publish.bi import provision
from warehouse.publish.server import publish_postgres
from warehouse.publish.setup import setup

__all__ = ["home", "postgres"]
HOME = Path(provision.__file__).parent
RELEASED = {"people_totals", "generation"}  # written by the release step, not declared as marts
KINDS = {"text": "TEXT", "varchar": "TEXT", "int8": "BIGINT", "int4": "INTEGER", "bool": "BOOLEAN", "date": "DATE",
         "numeric": "NUMERIC"}  # fmt: skip
Asset = dict[str, Any]


def assets(kind: str) -> dict[str, Asset]:
    return {p.stem: yaml.safe_load(p.read_text("utf8")) for p in sorted((HOME / "assets" / kind).glob("*.yaml"))}


DATASETS, CHARTS = assets("datasets"), assets("charts")
[DASHBOARD] = assets("dashboards").values()
[DATABASE] = assets("databases").values()
DATASET_OF = {d["uuid"]: d for d in DATASETS.values()}


@pytest.fixture(scope="module")
def office(postgres: sa.URL, home: Path) -> Iterator[str]:
    """The same on a server; the analyst's URL."""
    run_sql(postgres, "create database bi_marts")
    url = postgres.set(database="bi_marts")
    open_decisions(text_of(url)).dispose()
    plain = url.set(drivername="postgresql")
    setup(text_of(plain))
    publish_postgres(home / "published" / "current", text_of(plain.set(username="publisher")))
    yield text_of(plain.set(username="analyst"))
    run_sql(postgres, "drop database bi_marts with (force)")


def table_of(dataset: Asset) -> str:
    """What Superset puts after `from`."""
    return f"({dataset['sql']})" if "sql" in dataset else f'marts."{dataset["table_name"]}"'


def columns_of(dataset: Asset) -> dict[str, Asset]:
    return {column["column_name"]: column for column in dataset["columns"]}


def metrics_of(params: Asset) -> list[Asset]:
    return [
        *params.get("metrics", []),
        *params.get("metrics_b", []),
        *([params["metric"]] if "metric" in params else []),
    ]


def dimensions_of(params: Asset) -> list[str]:
    """Columns a chart divides by, as names or, with a label of their own, as expressions."""
    keys = ("groupby", "groupby_b", "groupbyRows", "groupbyColumns", "all_columns")
    told = [*(c for key in keys for c in params.get(key, [])), *([params["x_axis"]] if "x_axis" in params else [])]
    return [c["sqlExpression"] if isinstance(c, dict) else f'"{c}"' for c in told]


def filters_of(params: Asset) -> list[str]:
    return [f["sqlExpression"] for key in ("adhoc_filters", "adhoc_filters_b") for f in params.get(key, [])]


def query_of(chart: Asset) -> str:
    """The chart's figures in one query, as Superset asks them."""
    params = chart["params"]
    dimensions, figures = dimensions_of(params), [m["sqlExpression"] for m in metrics_of(params)]
    where = " and ".join(f"({f})" for f in filters_of(params)) or "true"
    grouped = f" group by {', '.join(dimensions)}" if figures and dimensions else ""
    picked = ", ".join([*dimensions, *figures])
    return f"select {picked} from {table_of(DATASET_OF[chart['dataset_uuid']])} as asked where {where}{grouped}"


def test_every_asset_has_a_number_of_its_own() -> None:
    numbers = [a["uuid"] for a in (*DATASETS.values(), *CHARTS.values(), DASHBOARD, DATABASE)]
    assert len(set(numbers)) == len(numbers) >= 20


def test_every_reference_leads_to_an_asset() -> None:
    assert {d["database_uuid"] for d in DATASETS.values()} == {DATABASE["uuid"]}
    assert {c["dataset_uuid"] for c in CHARTS.values()} == set(DATASET_OF), "each dataset is shown, each chart has one"
    placed = {k: v for k, v in DASHBOARD["position"].items() if isinstance(v, dict)}
    on_it = [v["meta"] for v in placed.values() if v["type"] == "CHART"]
    assert {m["uuid"]: m["sliceName"] for m in on_it} == {c["uuid"]: c["slice_name"] for c in CHARTS.values()}
    for key, node in placed.items():
        for child in node.get("children", []):
            assert placed[child]["parents"][-1] == key
    for chosen in DASHBOARD["metadata"]["native_filter_configuration"]:
        [target] = chosen["targets"]
        assert target["column"]["name"] in columns_of(DATASET_OF[target["datasetUuid"]])
        assert set(chosen["scope"]["excluded"]) < {m["chartId"] for m in on_it}


def test_a_row_of_the_dashboard_is_full() -> None:
    position = DASHBOARD["position"]
    for row in position["GRID_ID"]["children"]:
        assert sum(position[child]["meta"]["width"] for child in position[row]["children"]) == 12, row


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_reads_marts_and_names_its_columns(name: str) -> None:
    dataset = DATASETS[name]
    query = sqlglot.parse_one(dataset.get("sql") or f"select 1 from {table_of(dataset)}", dialect="postgres")
    assert not any(star.find_ancestor(exp.Count) is None for star in query.find_all(exp.Star)), "no `*`"
    tables = list(query.find_all(exp.Table))
    assert {t.db for t in tables} == {"marts"}
    views = {f"{mart.name}_v{mart.version}" for mart in load_marts().marts.values()}
    assert {t.name for t in tables} <= views | RELEASED, "the newest version of a mart, by its lasting name"


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_has_the_columns_it_says_with_their_types(name: str, office: str) -> None:
    dataset = DATASETS[name]
    told = {n: c["type"] for n, c in columns_of(dataset).items()}
    with psycopg.connect(office) as connection:
        picked = ", ".join(f'"{n}"' for n in told)
        asked = connection.execute(f"select {picked} from {table_of(dataset)} as asked limit 0")
        found = {c.name: KINDS[psycopg.adapters.types[c.type_code].name] for c in asked.description or []}
    assert found == told
    assert {n for n, c in columns_of(dataset).items() if c["is_dttm"]} == {n for n, t in told.items() if t == "DATE"}


@pytest.mark.parametrize("name", DATASETS)
def test_a_column_is_called_what_the_dictionary_calls_it(name: str) -> None:
    titles = load_marts().titles
    for column, said in columns_of(DATASETS[name]).items():
        assert said["verbose_name"] == titles[column].zh if column in titles else said["verbose_name"]
        assert not column.endswith(("_id", "token")), "no key of a person, a dwelling or a thing"


@pytest.mark.parametrize("name", CHARTS)
def test_an_analyst_may_ask_what_a_chart_shows(name: str, office: str) -> None:
    query = query_of(CHARTS[name])
    assert sqlglot.parse_one(query, dialect="postgres").find(exp.Select)
    with psycopg.connect(office) as connection:
        connection.execute(query)


def test_the_figures_are_those_of_the_town(office: str) -> None:
    with psycopg.connect(office) as connection:
        assert connection.execute(query_of(CHARTS["residents_street"])).fetchall() == [(40,)]
        assert sorted(connection.execute(query_of(CHARTS["houses_by_community"])).fetchall()) == [
            ("鹤龙社区", 20, 0), ("黄边社区", 20, 0),
        ]  # fmt: skip
        [(rate,)] = connection.execute(query_of(CHARTS["on_time_year"])).fetchall()
        assert rate == 1
        [(night,)] = connection.execute(query_of(CHARTS["night"])).fetchall()
        assert night.date() == NIGHT


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_divides_sums_and_asks_nothing_of_its_own(name: str) -> None:
    chart, known = CHARTS[name], set(columns_of(DATASET_OF[CHARTS[name]["dataset_uuid"]]))
    assert chart["viz_type"] == chart["params"]["viz_type"]
    expressions = [*(m["sqlExpression"] for m in metrics_of(chart["params"])), *filters_of(chart["params"]),
                   *dimensions_of(chart["params"])]  # fmt: skip
    for text in expressions:
        parsed = sqlglot.parse_one(text, dialect="postgres")
        assert parsed.find(exp.Subquery, exp.Select, exp.Star) is None, "Superset refuses queries within a metric"
        assert {c.name for c in parsed.find_all(exp.Column)} <= known
    for metric in metrics_of(chart["params"]):
        parsed = sqlglot.parse_one(metric["sqlExpression"], dialect="postgres")
        assert parsed.find(exp.Avg, exp.Count) is None, "a rate is made of two published sums"
        assert all(isinstance(d.expression, exp.Nullif) for d in parsed.find_all(exp.Div))


def test_the_connection_is_the_analysts_and_writes_nothing() -> None:
    url = sa.make_url(DATABASE["sqlalchemy_uri"])
    assert (url.username, url.password) == ("analyst", None)
    doors = ("expose_in_sqllab", "allow_ctas", "allow_cvas", "allow_dml", "allow_file_upload", "allow_run_async")
    assert [door for door in doors if DATABASE[door] is not False] == []


def test_the_files_win_and_the_server_comes_from_the_environment() -> None:
    there = "postgresql+psycopg2://analyst@db.office/marts?sslmode=verify-full"
    files = provision.contents(there)
    assert yaml.safe_load(files["databases/marts.yaml"])["sqlalchemy_uri"] == there
    assert len(files) == len(DATASETS) + len(CHARTS) + 3
    assert provision.contents(None)["databases/marts.yaml"].startswith("#")


def test_the_service_has_a_login_and_a_database_of_its_own(postgres: sa.URL) -> None:
    server, url = text_of(postgres), postgres.set(database="bi", username="bi", password="it's:a 'pass'%")
    provision.make_database(server, text_of(url))
    provision.make_database(server, text_of(url))
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        asked = "select current_database(), rolsuper or rolcreaterole or rolcreatedb from pg_roles where rolname = 'bi'"
        assert connection.execute(sa.text(asked)).all() == [("bi", False)]
    with sa.create_engine(server, poolclass=sa.NullPool).connect() as connection:
        kept = connection.execute(sa.text("select rolpassword from pg_authid where rolname = 'bi'")).scalar()
        assert str(kept).startswith("SCRAM-SHA-256$")
    run_sql(postgres, "drop database bi", "drop role bi")
    with pytest.raises(SystemExit, match="BI_METADATA_PASSWORD"):
        provision.make_database(server, text_of(url.set(password="")))


SECRETS = {"BI_SECRET_KEY": "s", "BI_METADATA_URL": "sqlite://", "BI_ANALYST_PASSWORD": "p"}  # pragma: allowlist secret


def settings(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    for variable in SECRETS:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    return runpy.run_path(str(HOME / "superset_config.py"))


@pytest.mark.parametrize("missing", ["BI_SECRET_KEY", "BI_METADATA_URL"])
def test_the_service_does_not_start_without_a_secret(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyError, match=missing):
        settings(monkeypatch, **{**SECRETS, missing: ""})


def test_the_browser_asks_nobody_else_and_the_password_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    told = settings(monkeypatch, **SECRETS)
    policy = told["TALISMAN_CONFIG"]["content_security_policy"].values()
    sources = {word for value in policy for word in ([value] if isinstance(value, str) else value)}
    assert sources == {"'self'", "'none'", "'unsafe-inline'", "'strict-dynamic'", "blob:", "data:"}
    assert told["SQLALCHEMY_CUSTOM_PASSWORD_STORE"](object()) == "p"
    assert told["PUBLIC_ROLE_LIKE"] is None and told["ALLOWED_EXTENSIONS"] == set()


def test_compose_serves_the_dashboard_with_no_secret_of_the_register() -> None:
    services = yaml.safe_load((HOME.parent.parent.parent / "docker-compose.yml").read_text("utf8"))["services"]
    bi, once = services["bi"], services["bi-init"]
    assert bi["profiles"] == once["profiles"] == ["bi"] and once["restart"] == "no"
    assert not any("POSTGRES_PASSWORD" in v or "REGISTER_" in v for v in bi["environment"].values())
    assert all(port.startswith("127.0.0.1:") for port in bi["ports"])
    files = [(HOME / name).read_text("utf8") for name in ("provision.py", "superset_config.py")]
    read = {word for text in files for word in re.findall(r"BI_[A-Z_]+", text)}
    given = {**bi["environment"], **once["environment"]}
    asked = {word for value in given.values() for word in re.findall(r"\$\{(BI_[A-Z_]+)", value)}
    assert set(given) <= read <= {*given, *asked}
    example = (HOME.parent.parent.parent / ".env.example").read_text("utf8")
    assert [word for word in sorted(asked) if f"\n{word}=\n" not in example] == []
