-- Grain: one row per rule of a source, as of the last run up to $night that got to the end.
-- From: quality.result, quality.run.   To: Rule (model.py).
-- Rule: a rule that left the suite is shown no more; `since` is the first night of the present run of failing nights. A
-- night in which a rule was not asked, or the judging broke down, neither ends such a run nor begins one.
with judged as (
    select *,
        outcome in ('pass', 'waived') as passed,
        outcome not in ('pass', 'waived', 'skipped', 'error') as failed
    from quality.result
    where night <= cast($night as date)
),
latest as (
    select source, max(night) as night
    from quality.run
    where night <= cast($night as date) and verdict <> 'error'
    group by source
),
spans as (
    select source, entity, rule,
        max(night) filter (where passed) as last_passed,
        min(night) filter (where failed) as first_failed
    from judged
    group by source, entity, rule
),
since as (
    select judged.source, judged.entity, judged.rule, min(judged.night) as since
    from judged
    join spans on spans.source = judged.source and spans.entity = judged.entity and spans.rule = judged.rule
    where judged.failed and (spans.last_passed is null or judged.night > spans.last_passed)
    group by judged.source, judged.entity, judged.rule
)
select
    judged.source, judged.entity, judged.rule, judged."check", coalesce(judged."column", '') as "column",
    judged.severity, judged.effect,
    judged.title_zh, judged.title_en, judged.owner_zh, judged.owner_en, judged.hint_zh, judged.hint_en,
    judged.failing, judged.total, judged.failing_new, judged.total_new, judged.tolerance,
    judged.outcome, coalesce(judged.error, '') as error, judged.night as judged, since.since, spans.first_failed
from judged
join latest on latest.source = judged.source and latest.night = judged.night
join spans on spans.source = judged.source and spans.entity = judged.entity and spans.rule = judged.rule
left join since on since.source = judged.source and since.entity = judged.entity and since.rule = judged.rule
order by judged.source, judged.entity, judged.rule
