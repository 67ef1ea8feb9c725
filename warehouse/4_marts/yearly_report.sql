-- Grain: one row per indicator and year, from 2018 to the year of the night.
-- From: reference.indicator, prepared.yearly_figure, prepared.coverage, prepared.coverage_counted,
-- marts.dim_calendar, reference.night.   To: publish.
-- Rule: Each indicator that indicator.csv lists, for each year from 2018 to that of the night: a flow is the sum of the
-- named measure of the named mart over the months or quarters of the year, a stock what stood on 31 December of it (on
-- the night in its own year), a rate is made from unrounded parts; the value is empty, and says so, where the year is
-- not wholly loaded.
with year as (
    select distinct calendar.year  -- one row per day becomes one per year
    from marts.dim_calendar as calendar
    cross join reference.night as night
    where calendar.year between year(night.first_day) and year(night.as_of_day)
),
told as (
    select
        indicator.*, year.year, coalesce(counted.coverage, coverage.coverage, 0) as coverage,
        case when indicator.of is null then figure.value
            else round(100 * figure.value / nullif(base.value, 0), 1) end as value
    from reference.indicator as indicator
    cross join year
    left join prepared.yearly_figure as figure on figure.mart = indicator.mart
        and figure.kind = coalesce(indicator.kind, '') and figure.measure = indicator.measure
        and figure.year = year.year
    left join prepared.yearly_figure as base on base.mart = indicator.mart
        and base.kind = coalesce(indicator.kind, '') and base.measure = indicator.of and base.year = year.year
    left join prepared.coverage as coverage on coverage.subject = indicator.fed_by and coverage.span = indicator.span
        and coverage.period = cast(year.year as varchar)
    left join prepared.coverage_counted as counted on counted.subject = indicator.fed_by
        and counted.span = indicator.span and counted.period = cast(year.year as varchar)
)
select
    indicator, year, zh as indicator_zh, en as indicator_en, unit, mart, kind, measure, of, rule_zh, rule_en, coverage,
    case when coverage < 1 then '未载全 / incomplete' when value is null then '无记录 / none on record'
        else '已载全 / complete' end as completeness,
    cast(case when coverage = 1 then value end as decimal(18, 2)) as value
from told
