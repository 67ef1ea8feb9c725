"""Start a new source: one folder in extractors/ and one contract, copied from the template.

`make source NAME=my_system` runs `python -m extractors._kit.scaffold my_system`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from expectations.contract import contracts_folder
from expectations.errors import CallRejected
from extractors._kit.spec import FOLDER

TEMPLATE = FOLDER / "_template"


def scaffold(key: str, sources: Path = FOLDER, contracts: Path | None = None) -> list[Path]:
    """Copy the template under the new key. Returns the files made.

    Raises: CallRejected CT-SPEC for a key that is not snake_case or is taken.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", key) or len(key) > 24:
        raise CallRejected("CT-SPEC", detail=f"{key!r}: a key is snake_case, at most 24 characters")
    target = sources / key
    contract = (contracts or contracts_folder()) / f"{key}.yml"
    if target.exists() or contract.exists():
        raise CallRejected("CT-SPEC", detail=f"{key!r} exists already")
    made = []
    for source in sorted(TEMPLATE.rglob("*")):
        if source.is_dir() or "__pycache__" in source.parts:
            continue
        name = source.relative_to(TEMPLATE)
        final = contract if name.name == "contract.yml" else target / name
        final.parent.mkdir(parents=True, exist_ok=True)
        final.write_text(source.read_text("utf8").replace("{key}", key), "utf8")
        made.append(final)
    return made


def main() -> int:
    """The command."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: make source NAME=my_system\n")
        return 2
    try:
        made = scaffold(sys.argv[1])
    except CallRejected as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    sys.stdout.write("".join(f"{path}\n" for path in made))
    sys.stdout.write(
        "下一步 / next: edit source.yml and the contract, paste a synthetic reply into sample/, make test\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
