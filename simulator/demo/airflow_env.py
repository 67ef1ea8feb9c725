"""The private Airflow of the demo: its environment, its database, its secrets. Everything lies under one home.

The settings are those measured in docs/decisions.md for two cores; nothing of a user's own Airflow is read.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
USER = "demo"


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def kept_secrets(home: Path) -> dict[str, str]:
    """Keys made once per home, 0600: without the same keys a second run could not recognise anybody."""
    path = home / "secrets.json"
    if not path.exists():
        made = {
            "REGISTER_TOKEN_KEY": secrets.token_hex(32),
            "REGISTER_VAULT_KEY": secrets.token_hex(32),
            "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(16),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "DEMO_PASSWORD": secrets.token_urlsafe(9),
        }
        path.touch(0o600)
        path.write_text(json.dumps(made))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def airflow_environment(home: Path, database: str, port: int) -> dict[str, str]:
    """Environment of every process of the demo. database: SQLAlchemy URL of Airflow's own metadata."""
    airflow_home = home / "airflow"
    airflow_home.mkdir(exist_ok=True)
    kept = kept_secrets(home)
    passwords = airflow_home / "passwords.json"
    passwords.touch(0o600)
    passwords.write_text(json.dumps({USER: kept["DEMO_PASSWORD"]}))
    own = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "REGISTER_"))}
    return own | {k: v for k, v in kept.items() if k != "DEMO_PASSWORD"} | {
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "REGISTER_HOME": str(home),
        "REGISTER_DECISIONS_URL": f"sqlite:///{home / 'decisions.db'}",
        "REGISTER_SCHEDULE": "by_hand",
        "REGISTER_TODAY": "2023-01-01",  # the town's last day is over
        "AIRFLOW_HOME": str(airflow_home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",  # two cores; the default of 32 starves them
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "Asia/Shanghai",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": database.replace("sqlite://", "sqlite+aiosqlite://"),
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",  # else a finished task holds its slot for 5 s
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "30",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        # What ran when and what came of it, as OpenLineage tells it, for whoever collects lineage; no code, no rows.
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(
            {"type": "file", "log_file_path": str(home / "openlineage.jsonl"), "append": True}
        ),
        "AIRFLOW__OPENLINEAGE__DISABLE_SOURCE_CODE": "True",
        "GX_ANALYTICS_ENABLED": "false",
    }  # fmt: skip
