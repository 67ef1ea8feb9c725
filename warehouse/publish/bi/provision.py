"""`python provision.py database | assets`: what the BI service needs besides its own `superset db upgrade` and `init`.

database: makes a login and a database for the service's own metadata, so that the service itself never holds the
server's administrator. assets: reads `assets/` (connection, datasets, charts, dashboard) over what is there, makes the
first account and the role that may look at the dashboard. Runs inside the service's image and imports nothing of this
project. May be run again: the files win.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

ASSETS = Path(__file__).with_name("assets")
ADMINISTRATOR = "admin"
READER = "总览读者 overview reader"
# What looking at a dashboard takes, in Superset's own words; the datasets are added one by one.
LOOKS = (
    ("menu_access", "Dashboards"), ("can_read", "Dashboard"), ("can_dashboard", "Superset"), ("can_read", "Chart"),
    ("can_slice", "Superset"), ("can_explore_json", "Superset"), ("can_get", "Datasource"), ("can_time_range", "Api"),
    ("can_query_form_data", "Api"), ("can_query", "Api"), ("can_read", "DashboardFilterStateRestApi"),
    ("can_write", "DashboardFilterStateRestApi"), ("can_read", "CssTemplate"), ("can_read", "Theme"),
    ("can_read", "CurrentUserRestApi"), ("can_language_pack", "Superset"), ("can_log", "Superset"),
    ("can_recent_activity", "Log"), ("can_userinfo", "UserDBModelView"), ("resetmypassword", "UserDBModelView"),
)  # fmt: skip

_STEPS = (
    ("select 1 from pg_roles where rolname = :role", "select format('create role %I login', cast(:role as text))"),
    (
        "select 1 where false",  # always: the password of the environment holds
        "select format('alter role %I password %L', cast(:role as text), cast(:password as text))",
    ),
    (
        "select 1 from pg_database where datname = :database",
        "select format('create database %I owner %I', cast(:database as text), cast(:role as text))",
    ),
    (
        "select 1 where false",
        "select format('revoke all on database %I from public', cast(:database as text))",
    ),
)


def main(command: str) -> None:
    """Run one command."""
    if command == "database":
        make_database(os.environ["BI_SERVER_URL"], os.environ["BI_METADATA_URL"])
        return
    from superset.app import create_app  # type: ignore[import-not-found]

    with create_app().app_context():
        make_administrator(os.environ.get("BI_ADMIN_PASSWORD", ""))
        import_assets(contents(os.environ.get("BI_MARTS_URL")))
        make_reader()


def make_database(administrator: str, wanted: str) -> None:
    """Make the login and the database that a PostgreSQL URL names, asking the server as `administrator` (a URL).

    Raises SystemExit without a password in it.
    """
    url = make_url(wanted)
    if not url.password:
        raise SystemExit("BI_METADATA_PASSWORD is empty: set it in .env")
    names = {"role": url.username, "password": url.password, "database": url.database}
    engine = create_engine(administrator, isolation_level="AUTOCOMMIT")
    with engine.connect() as server:
        for there, statement in _STEPS:
            if server.execute(text(there), names).first() is None:
                # The server quotes: neither a name nor a password can be bound in such a statement.
                [composed] = server.execute(text(statement), names).one()
                server.execute(text(composed.replace(":", r"\:")))
    engine.dispose()


def contents(url: str | None) -> dict[str, str]:
    """The asset files by their path; the connection points at `url` (no password in it) if one is given."""
    files = {str(p.relative_to(ASSETS)): p.read_text("utf8") for p in sorted(ASSETS.rglob("*.yaml"))}
    if url:
        for path in (p for p in files if p.startswith("databases/")):
            files[path] = yaml.safe_dump({**yaml.safe_load(files[path]), "sqlalchemy_uri": url}, allow_unicode=True)
    return files


def import_assets(files: dict[str, str]) -> None:
    """Write the assets over what the service holds, in one transaction."""
    from superset import security_manager  # type: ignore[import-not-found]
    from superset.commands.importers.v1.assets import ImportAssetsCommand  # type: ignore[import-not-found]
    from superset.utils.core import override_user  # type: ignore[import-not-found]

    with override_user(security_manager.find_user(username=ADMINISTRATOR)):
        ImportAssetsCommand(files).run()


def make_administrator(password: str) -> None:
    """The one account that exists from the start; a password that was changed since stays. Raises SystemExit."""
    from superset import security_manager as manager

    if not password:
        raise SystemExit("BI_ADMIN_PASSWORD is empty: set it in .env")
    if manager.find_user(username=ADMINISTRATOR) is None:
        role = manager.find_role("Admin")
        manager.add_user(ADMINISTRATOR, "BI", ADMINISTRATOR, "admin@localhost", role, password=password)


def make_reader() -> None:
    """The role of those who look: this dashboard's datasets, and none of the ways to write, download or ask SQL."""
    from superset import db
    from superset import security_manager as manager
    from superset.connectors.sqla.models import SqlaTable  # type: ignore[import-not-found]

    role: Any = manager.add_role(READER)
    datasets = [("datasource_access", dataset.get_perm()) for dataset in db.session.query(SqlaTable)]
    role.permissions = [manager.add_permission_view_menu(permission, view) for permission, view in (*LOOKS, *datasets)]
    db.session.commit()


if __name__ == "__main__":
    main(sys.argv[1])
