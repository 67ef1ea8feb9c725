-- Grain: one row per subject, span (month, quarter, year, until_year, night) and period. A working table, never published.
-- From: prepared.loaded_day, reference.feed, reference.night.   To: every mart with coverage.
-- Rule: the share of the days of the period, up to the night, that are loaded, the least over the entities that feed the
-- subject: of a stock the days since the register's first day on record, of a picture that of the night alone.
with fed as (
    select feed.subject, loaded.*
    from reference.feed as feed
    join prepared.loaded_day as loaded on loaded.source = feed.source and loaded.entity = feed.entity
),
spanned as (
    select fed.subject, fed.source, fed.entity, told.span, told.period, fed.is_loaded
    from fed
    cross join lateral (values
        ('month', cast(fed.month as varchar)), ('quarter', fed.quarter), ('year', cast(fed.year as varchar))
    ) as told(span, period)
    union all
    select fed.subject, fed.source, fed.entity, 'until_year' as span, cast(until.year as varchar) as period,
        fed.is_loaded
    from fed
    cross join reference.night as night
    join (select distinct year from prepared.loaded_day) as until on until.year >= fed.year
    where fed.day >= night.first_day
    union all
    select fed.subject, fed.source, fed.entity, 'night' as span, 'night' as period, fed.is_loaded
    from fed
    cross join reference.night as night
    where fed.day between night.first_day and night.as_of_day and (not fed.shows_all or fed.day = night.as_of_day)
),
share as (
    select subject, span, period, source, entity, avg(cast(is_loaded as integer)) as loaded
    from spanned
    group by subject, span, period, source, entity
),
coverage as (
    select subject, span, period, min(loaded) as loaded from share group by subject, span, period
)
-- Down, never up: what is not wholly loaded must not read as 1.
select subject, span, period, cast(floor(loaded * 10000) / 10000 as decimal(5, 4)) as coverage
from coverage
