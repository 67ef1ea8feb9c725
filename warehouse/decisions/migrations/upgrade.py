"""Runs the revisions in one transaction, without a configuration file.

Two processes may both find an old store: the second one waits for the first and finds nothing left to do.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, inspect, text

from expectations.faultpoint import faultpoint, register
from warehouse.decisions.store import HEAD

register("migrate.before_commit")

_LOCK = 7_361_802_210  # any number, the same for all: one migration at a time


def upgrade(engine: Engine, to: str = HEAD) -> None:
    """Bring an empty store, one made before there were revisions, or an older one to a revision; all or nothing."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        else:
            connection.exec_driver_sql("begin immediate")  # the driver would begin only at the first insert
        if _revision(connection) != to:
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, to)
        faultpoint("migrate.before_commit")
        connection.commit()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()
