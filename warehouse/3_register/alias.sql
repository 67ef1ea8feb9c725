-- Grain: one row per id that any record could ever have given to a thing.
-- From: every claim, claims.origin, the members.   To: whoever holds an old id.
-- Rule: an id is made from a record, so it resolves for ever to the thing that holds the record; NULL: all it stood for
-- was withdrawn at the source.
select
    register_id({{letter}}, claims.obs_key) as {{id}},
    member.{{id}} as {{current}},
    case
        when member.{{id}} is null then 'ended'
        when member.{{id}} = register_id({{letter}}, claims.obs_key) then 'same' else 'merged' end as reason,
    claims.since
from (
    select said.obs_key, least(min(said.known_from), min(origin.first_known)) as since
    from {{claims}} as said
    left join claims.origin as origin on origin.obs_key = said.obs_key
    group by said.obs_key
) as claims
left join {{member}} as member on member.obs_key = claims.obs_key
