"""The design's guards: arrows point one way, a source is named in one folder, files stay small."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from extractors import discover

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("dags", "plugins", "extractors", "expectations", "warehouse", "simulator", "bench", "docs")

# Who may import whom. expectations is the language all share; the vault is the one thing extractors may reach.
ALLOWED = {
    "expectations": set(),
    "warehouse": {"expectations"},
    "extractors": {"expectations", "warehouse.decisions"},
    "plugins": {"expectations", "extractors", "warehouse"},
    "dags": {"expectations", "extractors", "warehouse", "plugins"},
    "simulator": {"extractors"},
    "docs": {"expectations", "extractors", "warehouse"},
    "bench": {"expectations", "extractors", "warehouse", "simulator"},
}


def python_files(folder: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", f"{folder}/*.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def imported(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def forbidden(folder: str, source: str) -> set[str]:
    """Project imports of a file that its folder may not make, and Airflow outside its two folders."""
    wrong = set()
    for name in imported(source):
        top = name.split(".")[0]
        allowed = any(name == a or name.startswith(a + ".") for a in ALLOWED[folder])
        if top in FOLDERS and top != folder and not allowed:
            wrong.add(name)
        if top == "airflow" and folder not in ("dags", "plugins"):
            wrong.add(name)
    return wrong


@pytest.mark.parametrize("folder", FOLDERS)
def test_arrows_point_one_way(folder: str) -> None:
    wrong = {str(p.relative_to(ROOT)): f for p in python_files(folder) if (f := forbidden(folder, p.read_text("utf8")))}
    assert wrong == {}


def test_the_arrow_guard_fires() -> None:
    assert forbidden("warehouse", "from extractors._kit import run") == {"extractors._kit.run"}
    assert forbidden("extractors", "import airflow.sdk") == {"airflow.sdk"}
    assert forbidden("extractors", "from warehouse.engine import stage_source") == {"warehouse.engine.stage_source"}


def test_a_source_is_named_only_in_its_own_folder_and_contract() -> None:
    keys = list(discover())
    assert keys
    for folder in ("dags", "plugins", "expectations", "warehouse", "extractors/_kit", "extractors/_template"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix not in (".py", ".sql") or not path.is_file():
                continue
            text = path.read_text("utf8")
            assert [k for k in keys if re.search(rf"\b{k}\b", text)] == [], path


def test_extractors_import_no_http_library_and_no_other_source() -> None:
    keys = set(discover())
    banned = {"requests", "httpx", "urllib3", "asyncssh", "sqlalchemy", "lxml", "openpyxl"}
    for key in keys:
        for name in imported((ROOT / "extractors" / key / "extractor.py").read_text("utf8")):
            assert name.split(".")[0] not in banned, (key, name)
            assert not any(name.startswith(f"extractors.{other}") for other in keys - {key}), (key, name)


def test_files_stay_small_enough_to_read() -> None:
    caps = {"extractor.py": 200}
    too_long = {}
    for folder in FOLDERS:
        for path in python_files(folder):
            lines = path.read_text("utf8").count("\n")
            if lines > caps.get(path.name, 300):
                too_long[str(path.relative_to(ROOT))] = lines
    assert too_long == {}


def test_functions_stay_small_enough_to_read() -> None:
    too_long = {}
    for folder in FOLDERS:
        for path in python_files(folder):
            for node in ast.walk(ast.parse(path.read_text("utf8"))):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    lines = (node.end_lineno or node.lineno) - node.lineno + 1
                    if lines > 60:
                        too_long[f"{path.relative_to(ROOT)}:{node.name}"] = lines
    assert too_long == {}
