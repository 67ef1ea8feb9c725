-- Grain: one row per thing, claim and attribute that is not empty.
-- From: every accepted claim, the members and the winners.   To: register.provenance.
-- Rule: the losers stay, and so do the versions that a later one of the record replaced; is_winner marks what the
-- register holds. Masks only, of a person's name and number.
select
    {{thing}} as thing, said.{{id}} as thing_id, said.attribute, said.value, said.source, said.entity,
    said.source_record_id, said.since, said.known_from, said.op, said.ended, said.trust,
    coalesce(won.claim_id = said.claim_id, false) as is_winner, said.claim_id, said.obs_key
from (
    unpivot (
        select
            member.{{id}}, claims.claim_id, claims.obs_key, claims.source, claims.entity, claims.source_record_id,
            claims.changed_at as since, claims.known_from, claims.op, claims.ended, claims.trust,
            {{values}}
        from {{claims}} as claims
        join {{member}} as member on member.obs_key = claims.obs_key
    )
    on {{columns}}
    into name attribute value value
) as said
left join (
    unpivot (
        select {{id}}, {{winners}}
        from {{winner}}
    )
    on {{won}}
    into name attribute value claim_id
) as won on won.{{id}} = said.{{id}} and won.attribute = said.attribute
