"""python -m warehouse.resolver train --observations FILE --seed N --out FILE | compare --after FILE [--before FILE]

train learns the weights of the model in use anew from observations with a column `person`; compare is a shadow run of
another model over the warehouse and changes nothing. A new model is used once settings.yml names it and its digest.
Prints JSON. Exit status: 0, 2 bad call, 3 later, 4 a person must look.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from expectations.errors import PipelineError
from warehouse.engine.connection import open_warehouse
from warehouse.resolver.churn import compare
from warehouse.resolver.model import FOLDER, load_model, model_in_use
from warehouse.resolver.train import train


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the report or the error goes to standard output."""
    options = _parser().parse_args(arguments)
    try:
        report, status = _run(options), 0
    except PipelineError as error:
        report, status = error.as_dict(), error.exit_status
    json.dump(report, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")
    return status


def _run(options: argparse.Namespace) -> dict[str, Any]:
    used = model_in_use()
    if options.command == "train":
        base = FOLDER / "models" / f"{used.name}-{used.version}.json"
        made = train(base, options.observations, options.out, seed=options.seed)
        return {"model": made.name, "version": made.version, "sha256": made.digest, "in_use": used.digest}
    before = load_model(options.before) if options.before else used
    with open_warehouse(options.warehouse) as connection:
        return compare(connection, before, load_model(options.after)).as_dict()


def _parser() -> argparse.ArgumentParser:
    home = Path(os.environ.get("REGISTER_HOME", FOLDER.parents[1] / "var"))
    parser = argparse.ArgumentParser(prog="python -m warehouse.resolver", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    learn = commands.add_parser("train")
    learn.add_argument("--observations", type=Path, required=True)
    learn.add_argument("--seed", type=int, default=1)
    learn.add_argument("--out", type=Path, required=True)
    shadow = commands.add_parser("compare")
    shadow.add_argument("--before", type=Path)
    shadow.add_argument("--after", type=Path, required=True)
    shadow.add_argument("--warehouse", type=Path, default=home / "warehouse.duckdb")
    return parser


if __name__ == "__main__":
    sys.exit(main())
