"""Whatever happens to a register, in whatever order: in the end it is the one that is built at once from what is there.

A history is drawn: loads, the same loads again, late and out-of-order windows, deletions, judgements and corrections
made and taken back, erasures, builds killed on the way. Beside it stands a hall that hears of all loads in the reverse
order, with the same decisions, and builds once.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from expectations.faultpoint import POINTS
from tests.warehouse.landed import SOURCE
from tests.warehouse.registered import Hall, guest, number, resident, room
from tests.warehouse.resident import killed_at
from warehouse.decisions.corrections import correct, revoke_correction
from warehouse.decisions.erase import Stores, erase
from warehouse.decisions.judgements import Record, judge, revoke_judgement
from warehouse.decisions.store import open_decisions
from warehouse.decisions.subjects import find_subject
from warehouse.engine import open_warehouse

HOME = "广州市白云区鹤龙街道鹤龙一路{}号{}房"
NAMES, DAYS = ("张三丰", "张三风", "李四光", "欧阳静"), (1, 2, 3, 4)
RESIDENTS, ROOMS, VISITS = ("1", "2", "3", "4"), ("a", "b", "c"), ("v", "w")
SPAN = 5  # deeds after the first load: each costs a build or two
POINTS_OF_A_BUILD = sorted(p for p in POINTS if p.split(".")[0] in ("claims", "register"))

residents = st.builds(
    resident,
    st.sampled_from(RESIDENTS),
    st.sampled_from(DAYS),
    name=st.sampled_from(NAMES),
    no=st.sampled_from((number(1), number(2), number(3), None)),
    home=st.sampled_from((HOME.format(1, 101), HOME.format(2, 202), None)),
    code=st.sampled_from(("C1", "C2", None)),
    status=st.sampled_from(("12", "12", "22")),
    deleted_at=st.sampled_from((None, None, None, "2022-11-05 10:00:00")),
)
rooms = st.builds(
    room,
    st.sampled_from(ROOMS),
    st.sampled_from(DAYS),
    code=st.sampled_from(("C1", "C2", None)),
    ref=st.sampled_from(("R1", "R2", None)),
    home=st.sampled_from((HOME.format(1, 101), HOME.format(2, 202))),
)
guests = st.builds(
    guest,
    st.sampled_from(VISITS),
    st.just(1),
    st.sampled_from((1, 2, 3)),
    st.sampled_from(DAYS),
    name=st.sampled_from(NAMES),
    ref=st.sampled_from(("R1", "R2")),
    op=st.sampled_from(("A", "U", "C")),
)
rows = st.one_of(
    st.fixed_dictionaries({"resident": st.lists(residents, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"room": st.lists(rooms, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"guest": st.lists(guests, min_size=1, max_size=2)}),
)
loads = st.tuples(st.just("load"), st.sampled_from(DAYS), rows)
pairs = st.lists(st.sampled_from(RESIDENTS), min_size=2, max_size=2, unique=True)
decisions = st.one_of(
    st.tuples(st.just("judge"), pairs, st.sampled_from(("same", "different"))),
    st.tuples(st.just("unjudge")),
    st.tuples(st.just("correct"), st.sampled_from(RESIDENTS), st.sampled_from(("1", "2"))),
    st.tuples(st.just("uncorrect")),
    st.tuples(st.just("erase"), st.sampled_from(RESIDENTS)),
)
blanks = st.tuples(st.just("blank"), st.sampled_from(RESIDENTS), st.sampled_from(("born", "sex", "name_token")))
kills = st.tuples(st.just("kill"), st.sampled_from(POINTS_OF_A_BUILD))
builds = st.one_of(st.tuples(st.just("build")), st.tuples(st.just("again")), kills)
histories = st.tuples(loads, st.lists(st.one_of(loads, loads, decisions, builds, blanks), min_size=2, max_size=SPAN))


class World:
    """A hall to which a history happens."""

    def __init__(self, home: Path) -> None:
        self.hall, self.home = Hall(home / "told"), home
        self.loads: list[tuple[int, Mapping[str, Sequence[Mapping[str, str | None]]]]] = []
        self.engine = open_decisions(self.hall.decisions)
        self.judged: list[str] = []
        self.corrected: list[str] = []

    def happen(self, deed: tuple[Any, ...]) -> None:
        name, *facts = deed
        deeds: dict[str, Callable[..., None]] = {
            "load": self.load, "again": self.again, "judge": self.judge, "unjudge": self.unjudge, "kill": self.kill,
            "correct": self.correct, "uncorrect": self.uncorrect, "erase": self.erase, "build": self.build,
            "blank": self.blank,
        }  # fmt: skip
        deeds[name](*facts)

    def load(self, day: int, rows: Mapping[str, Sequence[Mapping[str, str | None]]]) -> None:
        self.loads.append((day, rows))
        self.hall.land(day, **rows)

    def again(self) -> None:
        day, rows = self.loads[0]
        self.hall.land(day, **rows)

    def build(self) -> None:
        self.hall.build()

    def blank(self, pk: str, column: str) -> None:
        """A check empties a value, or gives it back."""
        self.hall.emptied ^= {(pk, column)}
        self.hall.landed = True

    def kill(self, point: str) -> None:
        self.engine.dispose()
        killed_at(point, self.hall.build)

    def judge(self, pair: list[str], verdict: str) -> None:
        one, other = (Record(SOURCE, "resident", pk) for pk in pair)
        made = judge(self.engine, "person", one, other, verdict, reason="r", by="b")
        self.judged.append(made.judgement_id)

    def unjudge(self) -> None:
        if self.judged:
            revoke_judgement(self.engine, self.judged.pop(), reason="r", by="b")

    def correct(self, pk: str, sex: str) -> None:
        record = Record(SOURCE, "resident", pk)
        self.corrected.append(correct(self.engine, "person", record, "sex", sex, old_value=None, reason="r", by="b"))

    def uncorrect(self) -> None:
        if self.corrected:
            revoke_correction(self.engine, self.corrected.pop(), reason="r", by="b")

    def erase(self, pk: str) -> None:
        self.build()
        contracts = (self.hall.contract,)
        with open_warehouse(self.hall.file) as connection:
            asked = f"select 1 from staging.{SOURCE}__resident where source_record_id = $pk"
            if not connection.execute(asked, {"pk": pk}).fetchall():
                return
            subject = find_subject(connection, contracts, Record(SOURCE, "resident", pk))
        stores = Stores(self.engine, self.hall.landing, self.hall.file, self.home / "receipts", contracts)
        erase(stores, subject, reason="r", by="b")
        self.hall.landed = True

    def told_at_once(self) -> Hall:
        """All loads in reverse order, as they were landed at first, and one build."""
        self.engine.dispose()
        other = Hall(self.home / "at_once")
        shutil.copyfile(self.hall.home / "decisions.db", other.home / "decisions.db")
        for day, rows in reversed(self.loads):
            other.land(day, **rows)
        other.emptied = set(self.hall.emptied)
        other.build(full=True)
        return other


def check(deeds: Sequence[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        world = World(Path(folder))
        patch.setenv("REGISTER_DECISIONS_URL", world.hall.decisions)
        for deed in deeds:
            world.happen(deed)
        world.build()
        stepwise = world.hall.digest()
        world.hall.build(full=True)
        assert world.hall.digest() == stepwise, "incremental = full"
        at_once = world.told_at_once()
        patch.setenv("REGISTER_DECISIONS_URL", at_once.decisions)
        assert at_once.digest() == stepwise, "any order = any other"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_TOKEN_KEY", "00" * 32)
    monkeypatch.setenv("REGISTER_VAULT_KEY", "11" * 32)
    monkeypatch.delenv("REGISTER_FAULTPOINT", raising=False)


QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(
    max_examples=2, deadline=None, derandomize=True, database=None, suppress_health_check=QUIET,
    phases=(Phase.explicit, Phase.generate),
)  # fmt: skip
@given(histories)
def test_any_history_ends_in_the_register_of_what_is_there(history: tuple[Any, list[Any]]) -> None:
    check([history[0], *history[1]])


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(histories)
def test_many_histories_end_in_the_register_of_what_is_there(history: tuple[Any, list[Any]]) -> None:
    check([history[0], *history[1]])
