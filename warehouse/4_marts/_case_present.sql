-- Grain: one row per case; no person, no number, no address. A working table, never published.
-- From: claims.case, reference.community_alias, reference.night, marts.dim_community.   To: _case_judged.
-- Rule: the newest version of a record by the source's own time; closed once and open later, or open
-- with a closing time, is re-opened. A record without a time of receipt only rates: it is joined to its case, and stands
-- by itself when that is not there.
with version as (
    select
        rowid as row_number, obs_key, op, content_hash, coalesce(changed_at, timestamp '1990-01-01 00:00:00') as moment,
        coalesce(is_closed = '1', closed_at is not null) as is_closed
    from claims."case"
),
newest as (
    select
        max_by(row_number, {'at': moment, 'gone': op = 'delete', 'hash': content_hash}) as row_number,
        coalesce(
            max(case when not is_closed then moment end) > min(case when is_closed then moment end), false
        ) as is_reopened
    from version
    group by obs_key
),
present as (
    select claims.*, newest.is_reopened
    from newest
    join claims."case" as claims on claims.rowid = newest.row_number
    where claims.op <> 'delete'
),
rating as (
    select source, case_ref, min(obs_key) as case_key, min(kind) as kind, max(coalesce(rated_at, changed_at)) as rated_at,
        max(satisfaction) as satisfaction, max(satisfaction_intake) as satisfaction_intake
    from present
    where received_at is null and (satisfaction is not null or satisfaction_intake is not null)
    group by source, case_ref
),
matter as (
    select
        coalesce(present.obs_key, rating.case_key) as case_key,
        coalesce(present.kind, rating.kind) as kind,
        present.channel, present.class_code, present.received_at, present.accepted_at, present.due_at,
        present.closed_at, coalesce(present.is_closed = '1', present.closed_at is not null) as is_closed,
        coalesce(present.ended, false) as is_withdrawn, present.outcome, present.is_success,
        present.is_extended, present.is_repeated, coalesce(present.times_sent_back, 0) as times_sent_back,
        coalesce(present.is_reopened or (present.is_closed = '0' and present.closed_at is not null), false)
            as is_reopened,
        coalesce(present.satisfaction, rating.satisfaction) as satisfaction,
        coalesce(present.satisfaction_intake, rating.satisfaction_intake) as satisfaction_intake,
        coalesce(present.rated_at, rating.rated_at) as rated_at,
        present.feedback_score, coalesce(present.handling_office, 'unknown') as handling_office,
        present.area_code, present.grid_code,
        present.people_count, present.amount, present.settled_count, present.settled_amount
    from (select * from present where received_at is not null) as present
    full join rating on rating.source = present.source and rating.case_ref = present.case_ref
)
select matter.* exclude (area_code, grid_code),
    coalesce(cast(matter.received_at as date) <= night.as_of_day, false) as is_received,
    coalesce(stated.community_code, prefix.community_code, street.community_code) as community_code
from matter
cross join reference.night as night
left join reference.community_alias as stated on stated.alias = matter.area_code
left join marts.dim_community as prefix on prefix.community_code = substr(matter.grid_code, 1, 12)
join marts.dim_community as street on not street.is_community
