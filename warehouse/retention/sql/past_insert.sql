-- Grain: one row per staged version that is past its retention.
-- From: a staged table, its acceptance, temp.whole.   To: temp.past.
-- Rule: a version ends when a newer accepted one of its record becomes known, a deletion with itself, a part also when a
-- newer version of its whole becomes known without it. The oldest go first: what is left of a record is its newest
-- versions, so the present one never changes; a version that dates its whole stays.
insert into past
with version as (
    select
        staged.source_record_id, staged.content_hash, staged.known_from, staged.seen_at,
        retention_at(staged.changed_at) as moment,
        staged.op = 'delete' as is_deletion,
        coalesce(labelled.label <> 'quarantined', true) as is_accepted,
        {{whole}} as whole_id
    from {{table}} as staged
    left join {{acceptance}} as labelled on labelled.content_hash = staged.content_hash
),
followed as (
    select
        version.*,
        min(known_from) filter (where is_accepted) over newer as accepted_next,
        min(known_from) over newer as any_next,
        count(*) over newer = 0 as is_newest
    from version
    window newer as (
        partition by source_record_id order by moment, is_deletion, content_hash
        rows between 1 following and unbounded following
    )
),
lost as (
    select followed.content_hash, min(whole.known_from) as known_from
    from followed
    join whole on whole.whole_id = followed.whole_id and whole.moment > followed.moment
    group by followed.content_hash
),
dated as (
    select
        followed.*,
        case
            when followed.whole_id is not null and not followed.is_deletion and lost.content_hash is null then null
            when followed.is_newest and followed.is_deletion and followed.is_accepted then followed.known_from
            else greatest(
                followed.known_from,
                least(case when followed.is_accepted then accepted_next else any_next end, lost.known_from)
            ) end as ended_at,
        coalesce(case when followed.is_accepted then accepted_next else any_next end, lost.known_from) is not null
            or (followed.is_newest and followed.is_deletion and followed.is_accepted) as has_ended
    from followed
    left join lost on lost.content_hash = followed.content_hash
),
judged as (
    select
        *,
        coalesce(bool_and(coalesce(has_ended and ended_at < $kept_from, false)) over (
            partition by source_record_id order by moment, is_deletion, content_hash
            rows unbounded preceding
        ), false) as is_past,
        coalesce(bool_and(coalesce(has_ended and ended_at < $kept_from, false)) over (
            partition by source_record_id
        ), false) as is_wholly
    from dated
)
select source_record_id, content_hash, moment, known_from, seen_at, ended_at, is_accepted, is_wholly
from judged
where is_past and (is_wholly or ($by_version and not list_contains($spared, source_record_id)))
