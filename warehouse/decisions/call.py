"""One call of a command: who asks, with which stores, and the log line before every answer.

`Call.logged` writes to the access log and only then hands the answer back; a role that may not do something is
refused, and the refusal is logged too.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Engine

from expectations.errors import CallRejected, PipelineError
from warehouse.decisions import journal
from warehouse.decisions.access_log import AccessLog, refuse_unknown
from warehouse.decisions.erase import Stores, personal_contracts
from warehouse.decisions.erasures import erasure_of
from warehouse.decisions.judgements import Record
from warehouse.decisions.keys import ERASURE, LOOK, Keyed
from warehouse.decisions.place import community_of_subject
from warehouse.decisions.scope import WHOLE, Scope, scope_of
from warehouse.decisions.store import open_decisions
from warehouse.decisions.subjects import Subject, find_subject, no_person, no_record, subject_of_person
from warehouse.engine.connection import Connection

REGISTRAR, STEWARD, PIPELINE, AUDITOR = "registrar", "steward", "pipeline", "auditor"
ADMINISTRATOR = "administrator"  # on PostgreSQL whoever may become the tables' owner
LIMIT: Final = "REGISTER_LOOKS_PER_DAY"
MAY: Final = {
    "subject-access": (REGISTRAR,),
    "correct": (REGISTRAR,),
    "erase": (REGISTRAR,),
    "readmit": (REGISTRAR,),
    "judge": (STEWARD, REGISTRAR),
    "revoke": (STEWARD, REGISTRAR),
    "waive": (STEWARD,),
    "confirm": (STEWARD,),
    "release": (STEWARD,),
    "close": (STEWARD,),
    "rotate-key": (PIPELINE,),
    "reapply": (PIPELINE, REGISTRAR),
    "log": (AUDITOR,),
    "verify": (AUDITOR, PIPELINE),
    "restore-check": (PIPELINE,),
    "scope": (ADMINISTRATOR,),
    "migrate": (PIPELINE,),
}


@dataclass
class Answer:
    """What a command prints: facts for `--json`, lines in both languages for people."""

    facts: dict[str, Any]
    zh: str
    en: str
    exit_status: int = 0

    def text(self, lang: str) -> str:
        """The lines in one language."""
        return self.zh if lang == "zh" else self.en


@dataclass
class Call:
    """The options of a call and what it works on, opened when first needed."""

    options: argparse.Namespace
    subject: str = field(default="-", init=False)
    community: str | None = field(default=None, init=False)

    @property
    def action(self) -> str:
        return str(self.options.command)

    @property
    def dry_run(self) -> bool:
        return bool(self.options.dry_run)

    @cached_property
    def engine(self) -> Engine:
        """Raises CallRejected DS-MIGRATE."""
        return open_decisions(self.options.decisions)

    @cached_property
    def stores(self) -> Stores:
        """Where everything lies."""
        o = self.options
        return Stores(self.engine, o.landing, o.warehouse, o.receipts, personal_contracts())

    @cached_property
    def scope(self) -> Scope:
        """The communities of who asks; the machine's roles work for the whole street."""
        o = self.options
        return scope_of(self.engine, o.by) if o.role in (REGISTRAR, STEWARD) else WHOLE

    def keep_within(self, community: str | None, error: CallRejected) -> None:
        """Remember the community of what is asked for; outside the scope it is not there, and that is logged."""
        if not self.scope.holds(community):
            self.log("not in scope")
            raise error
        self.community = community

    def keep_few(self) -> None:
        """One person may look up so many residents a day. Raises CallRejected DS-MANY, after logging it."""
        most = int(os.environ.get(LIMIT) or 100)
        if AccessLog(self.engine).subjects_today(self.options.by) >= most:
            self.log("refused, too many")
            raise CallRejected("DS-MANY", detail=f"{most}")

    def name(self, subject: Subject | Iterable[Record]) -> None:
        """Whom the log line is about, as keyed digests."""
        keyed = Keyed.from_env(LOOK)
        found = subject if isinstance(subject, Subject) else Subject(tuple(subject), ())
        self.subject = " ".join(found.digests(keyed))

    def log(self, outcome: str) -> None:
        """One line, durable and anchored on return. Raises SourceChanged DS-LOG."""
        o = self.options
        AccessLog(self.engine).write(
            who=o.by, role=o.role, action=self.action, subject=self.subject, purpose=o.purpose, outcome=outcome
        )

    def permit(self) -> None:
        """Raises CallRejected DS-ROLE, after logging the refusal."""
        try:
            refuse_unknown(self.options.role, MAY[self.action], self.action)
        except CallRejected:
            self.log("refused")
            raise

    def do(self, deed: Callable[[], str]) -> str:
        """Log `begun`, do it, log what came of it (`done` with the id the deed returns, or its error's code)."""
        self.log("begun")
        try:
            made = deed()
        except PipelineError as error:
            self.log(f"failed {error.code}")
            raise
        self.log(f"done {made}".strip())
        journal.sync(self.engine)
        return made

    def find(self, connection: Connection) -> Subject:
        """The resident meant by --person or --record. Raises CallRejected DS-NONE, or DS-ERASED for one erased."""
        o, contracts = self.options, self.stores.contracts
        if o.person:
            found = subject_of_person(connection, contracts, o.person)
            hidden = no_person()
        else:
            record = Record.parse(o.record)
            try:
                found = find_subject(connection, contracts, record, records_only=getattr(o, "records_only", False))
            except CallRejected as error:
                self.name([record])
                self.log("nothing held")
                raise self.erased(record) or error from error
            hidden = no_record(record)
        self.name(found)
        self.keep_within(community_of_subject(connection, found.records), hidden)
        return found

    def erased(self, record: Record) -> CallRejected | None:
        """DS-ERASED with the erasure's id when a tombstone names the record."""
        row = erasure_of(self.engine, [Keyed.from_env(ERASURE).record(*record)])
        if row is None or not self.scope.holds(row.community_code):
            return None
        return CallRejected("DS-ERASED", detail=f"erasure {row.erasure_id}, {row.state}")
