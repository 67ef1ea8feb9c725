"""python -m warehouse.decisions <command> --by NAME --role ROLE --purpose TEXT [--dry-run] [--json] [--lang zh|en]

Commands: subject-access, correct, erase, readmit; judge, revoke; waive, confirm, release, close; scope, rotate-key,
migrate, verify, log; after a restore restore-check and reapply. Each is in
the access log before it answers. Exit status: 0, 2 bad call, 3 later, 4 a person must look. Without paths,
REGISTER_HOME (default `var/`) holds the stores.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from expectations.errors import PipelineError
from warehouse.decisions import commands_office as office
from warehouse.decisions import commands_resident as resident
from warehouse.decisions import commands_restore as restored
from warehouse.decisions import commands_steward as steward
from warehouse.decisions.call import Answer, Call
from warehouse.decisions.judgements import KINDS, VERDICTS
from warehouse.decisions.store import decisions_url, home

COMMANDS: dict[str, Callable[[Call], Answer]] = {
    "subject-access": resident.subject_access,
    "correct": resident.correct_attribute,
    "erase": resident.erase,
    "readmit": resident.readmit,
    "reapply": restored.reapply,
    "restore-check": restored.restore_check,
    "judge": office.judge_pair,
    "revoke": office.revoke,
    "waive": steward.waive,
    "confirm": steward.confirm,
    "release": steward.release,
    "close": steward.close_hole,
    "scope": office.set_scope,
    "rotate-key": office.rotate_key,
    "migrate": office.migrate,
    "verify": office.verify,
    "log": office.show_log,
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the answer or the error goes to standard output. Returns the exit status."""
    options = _parser().parse_args(arguments)
    call = Call(options)
    try:
        if options.command != "migrate":  # it may have no store to log in yet
            call.permit()
        answer = COMMANDS[options.command](call)
    except PipelineError as error:
        text = error.text.zh if options.lang == "zh" else error.text.en
        after = error.text.next_zh if options.lang == "zh" else error.text.next_en
        shown = json.dumps(error.as_dict(), ensure_ascii=False, indent=1)
        sys.stdout.write((shown if options.json else f"{error.code} {text} [{error.detail}]\n{after}") + "\n")
        return error.exit_status
    shown = json.dumps(answer.facts, ensure_ascii=False, indent=1) if options.json else answer.text(options.lang)
    sys.stdout.write(shown.rstrip("\n") + "\n")
    return answer.exit_status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m warehouse.decisions", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    made = {name: commands.add_parser(name, help=run.__doc__) for name, run in COMMANDS.items()}
    for name, command in made.items():
        _common(command, named=name not in ("migrate", "verify", "restore-check"))
    for name in ("subject-access", "erase"):
        whom = made[name].add_mutually_exclusive_group(required=True)
        whom.add_argument("--record", help="one observation: source|entity|record_id")
        whom.add_argument("--person", help="a person of the register")
    for name in ("correct", "erase", "readmit", "judge", "revoke", "waive", "confirm", "release", "close"):
        made[name].add_argument("--reason", required=True)
    made["erase"].add_argument("--records-only", action="store_true", help="not what shares the number")
    _correct(made["correct"])
    made["readmit"].add_argument("id", help="of the erasure")
    made["judge"].add_argument("--kind", choices=KINDS, default="person")
    made["judge"].add_argument("--yes", action="store_true", help="both records were looked at: do not ask again")
    made["judge"].add_argument("one")
    made["judge"].add_argument("other")
    made["judge"].add_argument("verdict", choices=VERDICTS)
    made["revoke"].add_argument("what", choices=("judgement", "correction", "waiver", "sign-off"))
    made["revoke"].add_argument("id")
    _let_through(made)
    made["scope"].add_argument("deed", choices=("grant", "withdraw", "list"))
    made["scope"].add_argument("login", nargs="?", default="")
    made["scope"].add_argument("community", nargs="*", help="full codes, or * for the whole street")
    made["rotate-key"].add_argument("--token", action="store_true", help="the tokens' key: refused, with the reason")
    made["log"].add_argument("--last", type=int, default=50)
    made["log"].add_argument("--record")
    return parser


def _correct(command: argparse.ArgumentParser) -> None:
    command.add_argument("--kind", choices=KINDS, default="person")
    command.add_argument("--record", required=True, help="the observation that is wrong: source|entity|record_id")
    command.add_argument("--attribute", required=True, help="as claims.yml names it, or name, id_number")
    command.add_argument("--value", help="without it, it is read from standard input; names and numbers always are")
    command.add_argument("--id-type", help="of an id_number; a resident ID (111) if not given")


def _let_through(made: dict[str, argparse.ArgumentParser]) -> None:
    for option in ("source", "entity", "rule", "until"):
        made["waive"].add_argument(f"--{option}", required=True)
    made["waive"].add_argument("--record-id", help="one record; the whole rule if not given")
    made["confirm"].add_argument("load", help="load id, as the error or the ledger names it")
    made["release"].add_argument("what", help="register, or a group of marts")
    made["release"].add_argument("--night", required=True, help="YYYY-MM-DD")
    made["close"].add_argument("source")
    for option in ("begin", "end"):
        made["close"].add_argument(f"--{option}", help="of a window, as the morning names the hole")
    made["close"].add_argument("--file", help="in place of a window: a file that was refused, by the name given to it")


def _common(command: argparse.ArgumentParser, *, named: bool) -> None:
    command.add_argument("--by", required=named, default="pipeline", help="who asks")
    command.add_argument("--role", required=named, default="pipeline")
    command.add_argument("--purpose", required=named, default="maintenance", help="what for; it is logged")
    command.add_argument("--dry-run", action="store_true", help="say what would happen; logged as `planned`")
    command.add_argument("--json", action="store_true")
    command.add_argument("--lang", choices=("zh", "en"), default="zh")
    command.add_argument("--decisions", default=decisions_url(), help="URL of the decision store")
    command.add_argument("--landing", type=Path, default=home() / "landing")
    command.add_argument("--warehouse", type=Path, default=home() / "warehouse.duckdb")
    command.add_argument("--receipts", type=Path, default=home() / "receipts")
    command.add_argument("--wait", type=float, help="seconds to wait for the warehouse")


if __name__ == "__main__":
    sys.exit(main())
