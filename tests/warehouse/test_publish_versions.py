"""Versioned views: saved queries outlive a change of columns until the day that was said, on both targets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
import sqlalchemy as sa

from expectations.desk import prepare
from expectations.errors import CallRejected
from expectations.marts import Earlier, Mart, Marts, load_marts
from tests.warehouse.decision_stores import postgres, run_sql, text_of
from tests.warehouse.published import DECLARED, NIGHT, OBJECTS, ask, fill_marts
from warehouse.engine import open_warehouse
from warehouse.engine.claims import build_claims
from warehouse.engine.marts import build_marts
from warehouse.engine.register import build_register
from warehouse.publish.server import publish_postgres
from warehouse.publish.setup import setup
from warehouse.publish.snapshot import publish_duckdb
from warehouse.publish.versions import differences, kept_versions, select_in, shapes_of, take_down
from warehouse.resolver import model_in_use

__all__ = ["postgres"]
OLD_SHAPE = "select kind, objects as things from marts.objects_by_kind"
SECOND = replace(OBJECTS, version=2, earlier=(Earlier(1, date(2022, 11, 30), OLD_SHAPE),))
CHANGED = Marts({**DECLARED.marts, "objects_by_kind": SECOND}, {}, {})
VIEWS = "select view, version, until, deprecated from marts.mart_version where mart = 'objects_by_kind' order by 1"
BOTH = [("objects_by_kind_v1", 1, date(2022, 11, 30), True), ("objects_by_kind_v2", 2, None, False)]


def published(home: Path, night: str = NIGHT, declared: Marts = CHANGED, **said: Any) -> Path:
    fill_marts(home / "w.duckdb")
    return publish_duckdb(home / "w.duckdb", home / "published", night, declared=declared, **said).path


@pytest.fixture(scope="module")
def office(postgres: sa.URL) -> Iterator[str]:
    run_sql(postgres, "create database versions")
    url = text_of(postgres.set(database="versions", drivername="postgresql"))
    setup(url)
    yield url
    run_sql(postgres, "drop database versions with (force)")


def publish_anew(file: Path, url: str) -> None:
    """Publish a night that may lie before the one another test published."""
    with psycopg.connect(url) as connection:
        connection.execute("drop schema if exists marts cascade")
    publish_postgres(file, url)


def as_analyst(url: str, query: str) -> list[Any]:
    with psycopg.connect(url, user="analyst") as connection:
        return connection.execute(query).fetchall()


def test_every_mart_has_a_view_of_its_version_beside_it(tmp_path: Path, office: str) -> None:
    file = published(tmp_path, declared=DECLARED)
    publish_postgres(file, office)
    for mart in DECLARED.marts:
        rows = ask(file, f"select * from marts.{mart} order by all")
        assert rows == ask(file, f"select * from marts.{mart}_v1 order by all")
        theirs = as_analyst(office, f"select * from marts.{mart}_v1")
        assert sorted(map(repr, theirs)) == sorted(map(repr, as_analyst(office, f"select * from marts.{mart}")))


def test_an_earlier_version_keeps_its_shape_until_its_night_and_not_longer(tmp_path: Path, office: str) -> None:
    for night, views in ((NIGHT, BOTH), ("2022-11-30", BOTH), ("2022-12-01", BOTH[1:])):
        file = published(tmp_path, night)
        publish_postgres(file, office)
        assert ask(file, VIEWS) == as_analyst(office, VIEWS) == views
        for target in (partial(ask, file), partial(as_analyst, office)):
            assert target("select objects from marts.objects_by_kind_v2") == [(12,)]
            if views == BOTH:
                assert target("select things from marts.objects_by_kind_v1") == [(12,)]
    with pytest.raises(duckdb.CatalogException):
        ask(file, "select things from marts.objects_by_kind_v1")
    with pytest.raises(psycopg.errors.UndefinedTable):
        as_analyst(office, "select things from marts.objects_by_kind_v1")


def test_a_held_mart_keeps_the_views_of_the_columns_it_has(tmp_path: Path) -> None:
    published(tmp_path, declared=DECLARED)
    file = published(tmp_path, held=["objects"])
    assert ask(file, VIEWS) == [("objects_by_kind_v1", 1, None, False)]
    assert ask(file, "select objects from marts.objects_by_kind_v1") == [(12,)]
    assert ask(published(tmp_path), VIEWS) == BOTH


def test_on_the_server_a_view_gives_no_more_than_its_reader_may_see(tmp_path: Path, office: str) -> None:
    publish_anew(published(tmp_path), office)
    with psycopg.connect(office) as connection:
        options = connection.execute(
            "select relname, reloptions, pg_get_userbyid(relowner) from pg_class where relkind = 'v' "
            "and relnamespace = 'marts'::regnamespace and relname ~ '_v[0-9]+$'"
        ).fetchall()
        assert len(options) == 5
        assert {(tuple(o), owner) for _, o, owner in options} == {(("security_invoker=true",), "marts_owner")}
        connection.execute("revoke select on marts.objects_by_kind from analyst")
        connection.execute("set local role analyst")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from marts.objects_by_kind_v2")


def test_a_reader_through_a_view_sees_one_generation_too(tmp_path: Path, office: str) -> None:
    publish_anew(published(tmp_path), office)
    fill_marts(tmp_path / "w.duckdb", objects=30)
    fresh = publish_duckdb(tmp_path / "w.duckdb", tmp_path / "published", NIGHT, declared=CHANGED).path
    with psycopg.connect(office, user="analyst") as reader:
        assert reader.execute("select objects from marts.objects_by_kind_v2").fetchall() == [(12,)]
        with pytest.raises(Exception, match="PU-BUSY"):
            publish_postgres(fresh, office, wait=0.3)
        assert reader.execute("select things from marts.objects_by_kind_v1").fetchall() == [(12,)]
    publish_postgres(fresh, office)
    assert as_analyst(office, "select things from marts.objects_by_kind_v1") == [(30,)]


@pytest.mark.parametrize(
    "text", ["select 1 from public.access_log", "drop table marts.x", "select * from x", "select * from a.marts.x"]
)
def test_a_view_reads_marts_and_nothing_else(text: str) -> None:
    with pytest.raises(CallRejected, match="CT-SPEC"):
        select_in(text, "marts", "postgres")
    assert "marts_next_7" in select_in("with a as (select * from marts.x) select * from a", "marts_next_7", "postgres")


def test_a_changed_column_without_a_new_version_is_told(tmp_path: Path) -> None:
    kept = tmp_path / "kept.yml"
    with duckdb.connect(str(fill_marts(tmp_path / "w.duckdb"))) as connection:
        shapes = shapes_of(connection, DECLARED)
        assert take_down(DECLARED, shapes, kept) == sorted(DECLARED.marts)
        assert differences(DECLARED, shapes, kept_versions(kept)) == []
        connection.execute("alter table marts.objects_by_kind rename objects to things")
        connection.execute("alter table marts.services alter given type double")
        changed = shapes_of(connection, DECLARED)
    assert take_down(DECLARED, changed, kept) == []
    told = differences(DECLARED, changed, kept_versions(kept))
    assert [t.split(":")[0] for t in told] == ["objects_by_kind", "services"] and "raise `version`" in told[0]
    assert take_down(CHANGED, changed, kept) == ["objects_by_kind"]
    assert [t.split(":")[0] for t in differences(CHANGED, changed, kept_versions(kept))] == ["services"]
    unknown = Marts({"objects_by_kind": replace(SECOND, version=3)}, {}, {})
    assert "not taken down" in differences(unknown, {"objects_by_kind": {}}, kept_versions(kept))[0]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, office: str) -> Iterator[tuple[Path, Path]]:
    """All declared marts, over a register without a record: the warehouse and the published file."""
    home = tmp_path_factory.mktemp("whole")
    with open_warehouse(home / "w.duckdb") as connection:
        prepare(connection)
        build_claims(connection, [])
        build_register(connection, f"sqlite:///{home / 'decisions.db'}", model_in_use())
        build_marts(connection, date.fromisoformat(NIGHT))
    file = publish_duckdb(home / "w.duckdb", home / "published", NIGHT).path
    publish_anew(file, office)
    yield home / "w.duckdb", file


def test_no_mart_changed_its_columns_without_a_new_version(whole: tuple[Path, Path]) -> None:
    declared = load_marts()
    with duckdb.connect(str(whole[0]), read_only=True) as connection:
        shapes = shapes_of(connection, declared)
    assert set(shapes) == set(declared.marts) and differences(declared, shapes, kept_versions()) == []
    for mart in declared.marts.values():
        assert {e.version for e in mart.earlier} <= set(kept_versions()[mart.name]), mart.name


def _versioned(table: str, marts: Mapping[str, Mart]) -> str:
    return f"marts.{table}_v{marts[table].version}" if table in marts else f"marts.{table}"


def test_saved_queries_run_on_both_targets_with_every_mart_by_its_version(
    whole: tuple[Path, Path], office: str
) -> None:
    marts = load_marts().marts
    asked = 0
    with duckdb.connect(str(whole[1]), read_only=True) as file, psycopg.connect(office, user="analyst") as server:
        for example in (e for mart in marts.values() for e in mart.examples):
            versioned = re.sub(r"\bmarts\.(\w+)", lambda m: _versioned(m[1], marts), example.sql)
            assert versioned != example.sql or "marts.people_totals" in example.sql
            for query in (example.sql, versioned):
                assert file.execute(query).description and server.execute(query).description
            asked += 1
    assert asked >= len(marts)
