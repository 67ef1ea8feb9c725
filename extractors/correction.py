"""A corrected name or number through the edge: clear text in, tokens and masks out, the clear text to the vault.

`python -m extractors.correction` reads {"attribute": "name" | "id_number", "value": …, "id_type": …} from standard
input (an argument would stand in the process list) and prints the identity columns. The `correct` command of
`warehouse.decisions` runs it as a process of its own, since nothing right of the edge makes tokens.
"""

from __future__ import annotations

import json
import sys

from expectations.errors import CallRejected, PipelineError
from extractors._kit.person_columns import PersonTokeniser
from extractors._kit.tokens import Tokeniser
from extractors._kit.vaulting import open_vault

NAME = ("name_token", "name_mask", "name_sound_token", "name_chars_token", "name_flag", "name_rarity")
NUMBER = ("id_token", "id_mask", "id_type", "id_check", "id_birth", "id_sex", "id_division", "id_tail_token")


def cleared(attribute: str, value: str, id_type: str | None = None) -> dict[str, str | None]:
    """The identity columns of one name or number; what the vault may hold of it is there on return.

    Raises: CallRejected SC-CALL for another attribute or a value that is no name or number, SC-KEY without keys.
    """
    if attribute not in ("name", "id_number"):
        raise CallRejected("SC-CALL", detail="attribute must be name or id_number")
    vault = open_vault()
    persons = PersonTokeniser(Tokeniser.from_env(), vault_sink=vault.add)
    name, number = (value, None) if attribute == "name" else (None, value)
    columns = persons.columns([number], [id_type or "111"], [name], [None], [None])
    made = {column: columns[column][0] for column in (NAME if attribute == "name" else NUMBER)}
    if made["name_token" if attribute == "name" else "id_token"] is None:
        raise CallRejected("SC-CALL", detail=f"this is no whole {attribute}")
    vault.flush()
    return made


def main() -> int:
    """Answer one request."""
    try:
        asked = json.loads(sys.stdin.read())
        answer: dict[str, object] = dict(cleared(asked["attribute"], asked["value"], asked.get("id_type")))
        status = 0
    except PipelineError as error:
        answer, status = error.as_dict(), error.exit_status
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
