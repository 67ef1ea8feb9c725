"""Publishing the marts: disclosure control once, then a DuckDB file and a PostgreSQL schema, whole or not at all."""

from warehouse.publish.night import publish_night
from warehouse.publish.server import publish_postgres
from warehouse.publish.snapshot import current, publish_duckdb

__all__ = ["current", "publish_duckdb", "publish_night", "publish_postgres"]
