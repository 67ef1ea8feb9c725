-- Grain: one row per rule whose incident closed within the 7 nights up to $night, and how.
-- From: quality.quarantine, quality.result.   To: Closed (model.py).
-- Rule: closed means that its last row left and none is open; the commonest resolution speaks for the rows.
with rules as (
    select
        source, coalesce(entity, '') as entity, rule,
        max(cast(resolved_at as date)) filter (where status = 'resolved') as night,
        count(*) filter (where status = 'resolved' and cast(resolved_at as date) > cast($night as date) - 7) as rows_closed,
        coalesce(mode(resolution) filter (where status = 'resolved'), '') as resolution,
        count(*) filter (where status = 'open' or cast(resolved_at as date) > cast($night as date)) as still_open
    from quality.quarantine
    where cast(first_seen as date) <= cast($night as date)
    group by source, coalesce(entity, ''), rule
),
titles as (
    select result.source, coalesce(result.entity, '') as entity, result.rule,
        arg_max(result.title_zh, run.started_at) as title_zh, arg_max(result.title_en, run.started_at) as title_en,
        arg_max(result.outcome, run.started_at) as outcome
    from quality.result as result
    join quality.run as run on run.run_id = result.run_id and run.source = result.source
    where cast(run.night as date) <= cast($night as date)
    group by result.source, coalesce(result.entity, ''), result.rule
)
select rules.source, rules.entity, rules.rule, titles.title_zh, titles.title_en, rules.night, rules.rows_closed,
    rules.resolution
from rules
join titles on titles.source = rules.source and titles.entity = rules.entity and titles.rule = rules.rule
where rules.still_open = 0 and rules.rows_closed > 0 and titles.outcome in ('pass', 'skipped')
order by rules.night desc, rules.source, rules.entity, rules.rule
