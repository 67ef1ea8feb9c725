"""The one hook: an Airflow connection becomes the kit's Connection, and secrets stop here.

Nothing else asks Airflow for a secret; the kit's Connection never prints what it holds.
"""

from __future__ import annotations

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from expectations.errors import CallRejected
from extractors._kit.connection import Connection


def source_connection(key: str) -> Connection:
    """The connection named like the source. Raises CallRejected SC-CONN naming it."""
    try:
        found = BaseHook.get_connection(key)
    except AirflowNotFoundException as error:
        raise CallRejected("SC-CONN", detail=f"connection {key!r} does not exist") from error
    return Connection(
        key=key,
        conn_type=found.conn_type or "",
        host=found.host or "",
        port=found.port,
        login=found.login or "",
        password=found.password or "",
        extra=found.extra_dejson,
    )
