-- Grain: one row per thing and span of one state.
-- From: every claim of the thing's records that state one.   To: marts.
-- Rule: the versions in the source's order; equal neighbours are one span; a deletion or an end is the state `ended`.
with stating as (
    select distinct obs_key from {{claims}} where state is not null and known_from <= coalesce($known, known_from)
),
said as (
    select
        member.{{id}} as thing_id,
        register_at(claims.changed_at) as moment,
        arg_max(
            case when claims.op = 'delete' or claims.ended then 'ended' else claims.state end,
            {'gone': claims.op = 'delete', 'hash': claims.content_hash}
        ) as state,
        min(claims.known_from) as known_from
    from {{member}} as member
    join {{claims}} as claims on claims.obs_key = member.obs_key
    where claims.obs_key in (select obs_key from stating) and claims.known_from <= coalesce($known, claims.known_from)
    group by member.{{id}}, register_at(claims.changed_at)
),
turned as (
    select *, state is distinct from lag(state) over (partition by thing_id order by moment) as turns
    from said
    where state is not null
)
select
    thing_id as {{id}}, state, moment as valid_from,
    lead(moment) over (partition by thing_id order by moment) as valid_to,
    known_from
from turned
where turns
