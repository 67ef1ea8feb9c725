"""Learn the person model anew from a made city whose truth is known: `make train` gives the same file, byte for byte.

python -m bench.train [--out FILE]      default: var/bench/…/person.json; exit status 1 when it is not the one in use
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bench._persons_city import city_observations
from bench._towns import cellar
from warehouse.resolver.model import FOLDER, model_in_use
from warehouse.resolver.train import train

PERSONS, SEED, ID_RATE = 50_000, 1, 0.14


def main() -> int:
    """Train, compare with the model in use."""
    parser = argparse.ArgumentParser(prog="python -m bench.train", description=__doc__)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    out = options.out or cellar() / "person.json"
    used = model_in_use()
    # Births as they fall, not moved together: how rare a birth date is must not depend on the size of the sample.
    sample = city_observations(PERSONS, SEED, ID_RATE, density=PERSONS)
    made = train(FOLDER / "models" / f"{used.name}-{used.version}.json", sample, out, seed=SEED)
    same = made.digest == used.digest
    sys.stdout.write(json.dumps({"digest": made.digest, "in_use": used.digest, "same": same}) + "\n")
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main())
