"""Airflow plugin: the classes of ours that Airflow stores by name and must find again."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from plugins.deadlines import SinceQueued
from plugins.timetable import NightTimetable


class Registered(AirflowPlugin):
    """Registers the timetable of nights and the reference of their deadlines."""

    name = "register_nights"
    timetables = (NightTimetable,)
    deadline_references = (SinceQueued,)
