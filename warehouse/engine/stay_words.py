"""The states of stays and persons in the words of the office, Chinese first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PRESENCE: Mapping[str, tuple[str, str]] = {
    "resident": ("居住人口：在册，且至少有一段居住未结束", "resident: in force, and at least one stay has not ended"),
    "unconfirmed": (
        "待核实：未结束的居住均已逾期无人核实，不计入居住人口",
        "unconfirmed: nobody has confirmed the stays that have not ended for too long; not counted",
    ),
    "gone": ("已离开：每段居住均已结束，但无人注销", "gone: every stay has ended, though nobody cancelled the person"),
    "ended": ("已注销：所有来源记录均已注销或撤销", "ended: every record is withdrawn or cancelled"),
}
_STATES = {
    "open": ("在住", "lives there"), "ended": ("已结束", "ended"),
    "unconfirmed": ("待核实（{until} 起无人核实）", "unconfirmed (since {until})"),
}  # fmt: skip
_ENDS = {
    "told": ("来源告知已离开", "a source said so"),
    "followed": ("同一来源的下一段居住已开始", "the next stay told by the same source began"),
    "missed": (
        "其后列全住户的上门核实中没有此人",
        "a later visit that lists all who live there does not list the person",
    ),
}


def stay_in_words(stay: Mapping[str, Any]) -> str:
    """One stay: since when, until when and why it is over."""
    zh, en = _STATES[stay["state"]]
    until = stay.get("confirmed_until")
    line = f"居住 stay  {stay['house_id']}  {stay['valid_from']} – {stay['valid_to'] or ''}  "
    line += f"{zh.format(until=until)} / {en.format(until=until)}"
    if stay["ended_by"]:
        why_zh, why_en = _ENDS[stay["ended_by"]]
        line += f"：{why_zh} / {why_en}"
    return line + ("  现住处 current" if stay["is_current"] else "")
