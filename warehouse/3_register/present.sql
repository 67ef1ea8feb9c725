-- Grain: one row per source record: its present version, unless it was deleted or is a part that its whole has lost.
-- From: the claims of one entity, claims.origin, temp.newest_whole, temp.source_place.   To: members, winners, links.
-- Rule: of the versions known by then, the source's own time decides; of equals, a deletion wins, then the hash.
-- first_at is the record's first time: it does not move when the record is touched again, nor when
-- its first versions are purged.
with dated as (
    select obs_key, register_at(changed_at) as first_at, known_from as first_known
    from {{claims}}
    where known_from <= coalesce($known, known_from)
    union all
    select obs_key, first_at, first_known from claims.origin
),
crowded as (
    select obs_key, min(first_at) as first_at, min(first_known) as first_known
    from dated
    group by obs_key
    having count(*) > 1
),
newest as (
    select
        claims.obs_key,
        arg_max(
            claims.claim_id,
            {
                'at': register_at(claims.changed_at), 'gone': claims.op = 'delete', 'hash': claims.content_hash
            }
        ) as claim_id
    from {{claims}} as claims
    where claims.obs_key in (select obs_key from crowded) and claims.known_from <= coalesce($known, claims.known_from)
    group by claims.obs_key
),
present as (
    select
        {{columns}},
        register_at(claims.changed_at) as moment,
        coalesce(crowded.first_at, register_at(claims.changed_at)) as first_at,
        coalesce(crowded.first_known, claims.known_from) as first_known
    from {{claims}} as claims
    left join crowded on crowded.obs_key = claims.obs_key
    left join newest on newest.obs_key = claims.obs_key
    where claims.op <> 'delete' and claims.known_from <= coalesce($known, claims.known_from)
        and (newest.claim_id is null or newest.claim_id = claims.claim_id)
)
select present.*, register_order(present.trust, present.moment, place.place, present.claim_id) as place
from present
join temp.source_place as place on place.source = present.source and place.entity = present.entity
left join temp.newest_whole as whole on whole.source = present.source and whole.whole_id = present.whole_id
where present.whole_id is null or whole.moment is null or present.moment >= whole.moment
