-- Grain: one row per rule of a source, as of its last verdict up to $night.
-- From: quality.result, quality.run.   To: Rule (model.py).
-- Rule: a rule that left the suite is shown no more; the present run of failing nights gives `since`.
with judged as (
    select
        result.*,
        cast(run.night as date) as night,
        run.started_at,
        result.outcome not in ('pass', 'skipped') as failed
    from quality.result as result
    join quality.run as run on run.run_id = result.run_id and run.source = result.source
    where cast(run.night as date) <= cast($night as date)
),
latest_run as (
    select source, arg_max(run_id, started_at) as run_id
    from quality.run
    where cast(night as date) <= cast($night as date)
    group by source
),
spans as (
    select source, coalesce(entity, '') as entity, rule,
        max(night) filter (where not failed) as last_passed,
        min(night) filter (where failed) as first_failed
    from judged
    group by source, coalesce(entity, ''), rule
),
since as (
    select judged.source, coalesce(judged.entity, '') as entity, judged.rule, min(judged.night) as since
    from judged
    join spans
        on spans.source = judged.source and spans.entity = coalesce(judged.entity, '') and spans.rule = judged.rule
    where judged.failed and (spans.last_passed is null or judged.night > spans.last_passed)
    group by judged.source, coalesce(judged.entity, ''), judged.rule
)
select
    judged.source, coalesce(judged.entity, '') as entity, judged.rule,
    coalesce(judged."check", '') as "check", coalesce(judged."column", '') as "column", judged.severity,
    judged.title_zh, judged.title_en, judged.owner_zh, judged.owner_en, judged.hint_zh, judged.hint_en,
    coalesce(judged.failing, 0) as failing, coalesce(judged.total, 0) as total,
    coalesce(cast(judged.tolerance as varchar), '') as tolerance,
    judged.outcome, coalesce(judged.error, '') as error, judged.night as judged, since.since, spans.first_failed
from judged
join latest_run on latest_run.source = judged.source and latest_run.run_id = judged.run_id
join spans on spans.source = judged.source and spans.entity = coalesce(judged.entity, '') and spans.rule = judged.rule
left join since
    on since.source = judged.source and since.entity = coalesce(judged.entity, '') and since.rule = judged.rule
order by judged.source, entity, judged.rule
