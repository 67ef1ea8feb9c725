-- Grain: one row per kind of count, month, service_type and community_code. A working table, never published.
-- From: claims.service_count, reference.community_alias, reference.night.   To: enrolment_progress, service_delivery,
-- marts.rental_movement.
-- Rule: the newest version of each record by the source's own time; months and days after the night are left out. A sum
-- is null where no record tells the figure.
with version as (
    select
        rowid as row_number, obs_key, op, content_hash, coalesce(changed_at, timestamp '1990-01-01 00:00:00') as moment
    from claims.service_count
),
crowded as (
    select
        obs_key,
        max_by(row_number, {'at': moment, 'gone': op = 'delete', 'hash': content_hash}) as row_number
    from version
    group by obs_key
    having count(*) > 1
),
present as (
    select claims.*
    from claims.service_count as claims
    left join crowded on crowded.obs_key = claims.obs_key
    where claims.op <> 'delete' and (crowded.row_number is null or crowded.row_number = claims.rowid)
)
select
    present.kind,
    present.month,
    coalesce(present.service_type, 'unknown') as service_type,
    coalesce(stated.community_code, night.street_code || '000') as community_code,
    count(*) as records,
    count(*) filter (where moved_in is null or moved_out is null or renewed is null) as records_withheld,
    count(*) filter (where finished_on <= night.as_of_day) as finished,
    count(*) filter (where finished_on <= due_on and finished_on <= night.as_of_day) as finished_in_time,
    count(*) filter (where (finished_on is null or finished_on > night.as_of_day) and due_on <= night.as_of_day)
        as overdue,
    cast(sum(present.given) as bigint) as given,
    cast(sum(present.due) as bigint) as due,
    cast(sum(present.on_time) as bigint) as on_time,
    cast(sum(present.found) as bigint) as found,
    cast(sum(present.not_found) as bigint) as not_found,
    cast(sum(present.duplicates) as bigint) as duplicates,
    -- Nothing above zero beside a figure that was not sent is no zero: nothing is known of it.
    cast(case when sum(moved_in) > 0 or count(moved_in) = count(*) then sum(moved_in) end as bigint) as moved_in,
    cast(case when sum(moved_out) > 0 or count(moved_out) = count(*) then sum(moved_out) end as bigint) as moved_out,
    cast(case when sum(renewed) > 0 or count(renewed) = count(*) then sum(renewed) end as bigint) as renewed
from present
cross join reference.night as night
left join reference.community_alias as stated on stated.alias = present.area_code
where present.month <= night.as_of_day
group by present.kind, present.month, coalesce(present.service_type, 'unknown'),
    coalesce(stated.community_code, night.street_code || '000')
