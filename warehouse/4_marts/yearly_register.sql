-- Grain: one row per indicator of what stands in the register, for the year of the night.
-- From: reference.register_indicator, marts.register_matching, objects_by_place, employers_by_industry,
-- residents_by_grid, prepared.coverage, reference.night.   To: publish.
-- Rule: Each indicator that register_indicator.csv lists, as it stands on the night: the sum of the named measure of
-- the named mart, for the year of the night alone, for no past year's end is reconstructed.
with figure as (
    select 'register_matching' as mart, thing as kind, 'things_in_force' as measure, sum(things_in_force) as value
    from marts.register_matching
    group by thing
    union all
    select 'objects_by_place' as mart, kind, 'objects' as measure, sum(objects) as value
    from marts.objects_by_place
    where object_kind = 'device'
    group by kind
    union all
    select 'employers_by_industry' as mart, null as kind, 'employers' as measure, sum(employers) as value
    from marts.employers_by_industry
    union all
    select 'residents_by_grid' as mart, null as kind, 'residents' as measure, sum(residents) as value
    from marts.residents_by_grid
)
select
    indicator.indicator, cast(year(night.as_of_day) as integer) as year,
    indicator.zh as indicator_zh, indicator.en as indicator_en, indicator.unit,
    indicator.mart, indicator.kind, indicator.measure, indicator.rule_zh, indicator.rule_en,
    coalesce(coverage.coverage, 0) as coverage,
    cast(figure.value as decimal(18, 2)) as value
from reference.register_indicator as indicator
cross join reference.night as night
left join figure on figure.mart = indicator.mart and figure.kind is not distinct from indicator.kind
    and figure.measure = indicator.measure
left join prepared.coverage as coverage on coverage.subject = indicator.fed_by and coverage.span = 'night'
