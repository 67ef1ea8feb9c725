-- Grain: one row per night and source.
-- From: quality.run, quality.result, quality.quarantine, reference.night.   To: publish.
-- Rule: One row per night up to this one and source: what the checks of that night said, how many rules ended how, how
-- many records there were (accepted ones that lost a value beside them), and the quarantine incidents that began and
-- ended with it.
with ruled as (
    select source, night,
        count(*) as rules,
        count(*) filter (where outcome = 'pass') as rules_passed,
        count(*) filter (where outcome = 'flagged') as rules_flagged,
        count(*) filter (where outcome = 'held') as rules_held,
        count(*) filter (where outcome not in ('pass', 'flagged', 'held')) as rules_other
    from quality.result
    group by source, night
),
begun as (
    select source, first_seen as night, count(*) as incidents
    from quality.quarantine
    group by source, first_seen
),
ended as (
    select source, resolved_at as night, count(*) as incidents
    from quality.quarantine
    where resolved_at is not null
    group by source, resolved_at
)
select
    run.night, run.source, run.verdict,
    coalesce(run.rows_new, 0) as rows_new,
    coalesce(run.accepted, 0) as accepted,
    coalesce(run.emptied, 0) as emptied,
    coalesce(run.quarantined, 0) as quarantined,
    coalesce(run.withdrawn, 0) as withdrawn,
    coalesce(run.rows_current, 0) as rows_current,
    coalesce(run.emptied_current, 0) as emptied_current,
    coalesce(run.quarantined_current, 0) as quarantined_current,
    coalesce(run.noted_current, 0) as noted_current,
    coalesce(ruled.rules, 0) as rules,
    coalesce(ruled.rules_passed, 0) as rules_passed,
    coalesce(ruled.rules_flagged, 0) as rules_flagged,
    coalesce(ruled.rules_held, 0) as rules_held,
    coalesce(ruled.rules_other, 0) as rules_other,
    coalesce(begun.incidents, 0) as incidents_begun,
    coalesce(ended.incidents, 0) as incidents_ended
from quality.run as run
cross join reference.night as night
left join ruled on ruled.source = run.source and ruled.night = run.night
left join begun on begun.source = run.source and begun.night = run.night
left join ended on ended.source = run.source and ended.night = run.night
where run.night <= night.as_of_day
