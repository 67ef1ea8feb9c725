"""Three questions an analyst asks of the published generation; figures of people are rounded, some are withheld."""

from __future__ import annotations

from pathlib import Path

import duckdb
from rich.box import SIMPLE_HEAD
from rich.table import Table

QUESTIONS = {
    "2022 年办了多少、按期办结多少 / received and closed in time": """
        select indicator_zh as 指标, value::bigint as 数量, unit as 单位
        from marts.yearly_report
        where year = 2022 and value is not null
            and indicator in
                ('events_received', 'events_closed_in_time', 'wage_workers_recovered', 'wage_amount_recovered')
        order by indicator""",
    "设备在线多少 / how many devices are on line": """
        select device_kind as 设备, sum(devices)::bigint as 台数, sum(devices_online)::bigint as 在线
        from marts.device_online
        where month = (select max(month) from marts.device_online)
        group by device_kind order by device_kind""",
    "各社区住着多少人 / residents of each community": """
        select community.community_name as 社区, total.people as 人数
        from marts.people_totals as total
        join marts.dim_community as community on community.community_code = total.place
        where total.mart = 'residents_by_grid' and total.measure = 'residents'
            and total.level = 'community' and total.dimension is null and total.people is not null
        order by total.people desc limit 3""",
}


def answer_tables(published: Path) -> list[Table]:
    """Ask the file that readers open."""
    with duckdb.connect(str(published / "current"), read_only=True) as connection:
        return [_table(title, connection.sql(question)) for title, question in QUESTIONS.items()]


def _table(title: str, found: duckdb.DuckDBPyRelation) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, min_width=60)
    for column in found.columns:
        table.add_column(column, justify="right" if column in ("数量", "台数", "在线", "人数") else "left")
    for row in found.fetchall():
        table.add_row(*(f"{v:,}" if isinstance(v, int) else str(v) for v in row))
    return table
