"""Strict reading of our YAML: an unknown key is refused, with the nearest valid name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from expectations.errors import CallRejected


class _NoDuplicates(yaml.CSafeLoader):
    """Refuses a key written twice: YAML would silently keep the last. The C loader, for every DAG parse reads all."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [k.value for k, _ in node.value]
        twice = sorted({k for k in keys if keys.count(k) > 1})
        if twice:
            raise CallRejected("CT-SPEC", detail=f"key {twice[0]!r} stands twice near line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """One YAML mapping. Raises CallRejected CT-SPEC with file and line."""
    try:
        raw = yaml.load(path.read_text("utf8"), Loader=_NoDuplicates)  # noqa: S506 - derives from a safe loader
    except FileNotFoundError as error:
        raise CallRejected("CT-SPEC", detail=f"{path.name} does not exist") from error
    except yaml.YAMLError as error:
        raise CallRejected("CT-SPEC", detail=f"{path.name}: {error}") from error
    if not isinstance(raw, dict):
        raise CallRejected("CT-SPEC", detail=f"{path.name} is not a mapping")
    return raw


def take(raw: Mapping[str, Any], where: str, *, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> None:
    """Check the keys of one mapping. Raises CallRejected CT-SPEC naming the nearest valid key."""
    valid = (*required, *optional)
    for key in raw:
        if key not in valid:
            near = difflib.get_close_matches(str(key), valid, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; valid are {', '.join(valid)}"
            raise CallRejected("CT-SPEC", detail=f"{where}: unknown key {key!r}{hint}")
    for key in required:
        if key not in raw:
            raise CallRejected("CT-SPEC", detail=f"{where}: key {key!r} is missing")
