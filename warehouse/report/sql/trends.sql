-- Grain: one row per rule and night of the 30 nights up to $night.
-- From: quality.result, quality.run.   To: Point (model.py).
-- Rule: the last run of a night speaks for it, as in nights.sql.
select
    result.source, coalesce(result.entity, '') as entity, result.rule, cast(run.night as date) as night,
    arg_max(coalesce(result.failing, 0), run.started_at) as failing,
    arg_max(result.outcome, run.started_at) as outcome
from quality.result as result
join quality.run as run on run.run_id = result.run_id and run.source = result.source
where cast(run.night as date) between cast($night as date) - 29 and cast($night as date)
group by result.source, coalesce(result.entity, ''), result.rule, cast(run.night as date)
order by result.source, entity, result.rule, night
