-- Grain: one row per rule whose incident closed within the 7 nights up to $night, and how.
-- From: quality.quarantine, quality.result.   To: Closed (model.py).
-- Rule: closed means that its last row left and none is open. A row that fails again under a new content ('replaced')
-- or was old when it was found ('superseded') closed nothing.
with rules as (
    select
        source, entity, rule,
        max(resolved_at) as night,
        count(*) filter (where resolved_at > cast($night as date) - 7) as rows_closed,
        coalesce(mode(resolution), '') as resolution
    from quality.quarantine
    where status = 'resolved' and resolved_at <= cast($night as date) and resolution not in ('replaced', 'superseded')
    group by source, entity, rule
),
titles as (
    select source, entity, rule, arg_max(title_zh, night) as title_zh, arg_max(title_en, night) as title_en,
        arg_max(outcome, night) as outcome
    from quality.result
    where night <= cast($night as date)
    group by source, entity, rule
)
select rules.source, rules.entity, rules.rule, titles.title_zh, titles.title_en, rules.night, rules.rows_closed,
    rules.resolution
from rules
join titles on titles.source = rules.source and titles.entity = rules.entity and titles.rule = rules.rule
where rules.rows_closed > 0 and titles.outcome in ('pass', 'skipped') and not exists (
    select 1
    from quality.quarantine as still
    where still.source = rules.source and still.entity = rules.entity and still.rule = rules.rule
        and still.first_seen <= cast($night as date)
        and (still.status <> 'resolved' or still.resolved_at > cast($night as date))
)
order by rules.night desc, rules.source, rules.entity, rules.rule
