"""The guards guard: each fires on what it is for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from docs.generate import filled
from expectations.contract import load_contract
from expectations.denied import denied_attributes, refuse_denied
from expectations.errors import CallRejected, catalogue
from extractors import discover

ROOT = Path(__file__).resolve().parent.parent


def test_every_error_code_in_the_code_is_in_the_catalogue_in_both_languages() -> None:
    import re

    pattern = re.compile(r'"((?:EX|DE|LA|LO|CH|RE|PU|SC|CT)-[A-Z]+(?:-[A-Z]+)*)"')
    used = set()
    for folder in ("extractors", "expectations", "warehouse", "plugins", "dags"):
        for path in (ROOT / folder).rglob("*.py"):
            used |= set(pattern.findall(path.read_text("utf8")))
    assert used - set(catalogue()) == set()
    for code, text in catalogue().items():
        assert any("\u4e00" <= c <= "\u9fff" for c in text.zh + text.next_zh), code
        assert text.en.isascii() and text.next_en.replace("…", "").isascii(), code
        assert text.retry in ("auto", "manual", "never"), code


@pytest.mark.parametrize("denied", denied_attributes(), ids=lambda d: d.name)
def test_each_denied_attribute_is_refused_by_name_and_by_title(denied: object) -> None:
    raw = yaml.safe_load((ROOT / "expectations" / "denied.yml").read_text("utf8"))[denied.name]  # type: ignore[attr-defined]
    for word in raw["words"]:
        for name, title in ((word.replace(" ", "_"), "列"), ("plain", word)):
            with pytest.raises(CallRejected) as refused:
                refuse_denied(name, title, "column" if not title.isascii() else title, "test")
            assert refused.value.code == "CT-DENIED"
            assert denied.name in refused.value.detail  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", sorted(discover()))
def test_a_contract_with_a_denied_column_does_not_load(key: str, tmp_path: Path) -> None:
    text = (ROOT / "expectations" / f"{key}.yml").read_text("utf8")
    spoiled = text.replace("    columns:\n", "    columns:\n      religion_code: {zh: 代码, en: code}\n", 1)
    assert spoiled != text
    (tmp_path / f"{key}.yml").write_text(spoiled, "utf8")
    with pytest.raises(CallRejected) as refused:
        load_contract(key, tmp_path)
    assert refused.value.code == "CT-DENIED"


def test_an_unknown_key_is_refused_with_the_nearest_valid_name(tmp_path: Path) -> None:
    text = (ROOT / "extractors" / "_template" / "contract.yml").read_text("utf8").replace("{key}", "lamps")
    (tmp_path / "lamps.yml").write_text(text.replace("changed_at:", "chnaged_at:"), "utf8")
    with pytest.raises(CallRejected, match="did you mean 'changed_at'"):
        load_contract("lamps", tmp_path)


def test_the_drift_guard_fires() -> None:
    text = "a\n<!-- generated: x -->\nold\n<!-- end: x -->\nb\n"
    assert filled(text, "x", "new") != text
    with pytest.raises(ValueError, match="no block"):
        filled("no markers", "x", "new")


def test_the_secrets_guard_fires(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "key.pem").write_text("-----BEGIN RSA " + "PRIVATE KEY-----\nabc\n", "utf8")
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    script = "import docs.secrets as s, pathlib, sys; s.ROOT = pathlib.Path(sys.argv[1]); raise SystemExit(s.main())"
    found = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 1
    assert "key.pem:1" in found.stdout


def test_the_compose_file_pins_images_checks_health_and_has_no_default_password() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf8"))
    services = compose["services"]
    assert {"postgres", "redis", "api-server", "scheduler", "dag-processor", "triggerer", "worker", "town"} <= set(
        services
    )
    for name, service in services.items():
        tag = service["image"].split(":")
        assert len(tag) == 2 and tag[1] not in ("latest", ""), name
        if service.get("restart") != "no" and name != "town":  # what runs once ends
            assert "healthcheck" in service, name
    text = (ROOT / "docker-compose.yml").read_text("utf8")
    for variable in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "REGISTER_TOKEN_KEY", "AIRFLOW_FERNET_KEY"):
        assert f"${{{variable}:?" in text, variable
        assert f"${{{variable}:-" not in text, variable
    assert services["town"]["profiles"] == ["demo"]
