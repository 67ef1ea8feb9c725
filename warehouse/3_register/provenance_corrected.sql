-- Grain: one row per correction that holds.
-- From: register.applied_correction, members.   To: register.provenance.
-- Rule: a correction is a claim of the highest trust, until a later version of the corrected record says the same.
select
    {{thing}} as thing, member.{{id}} as thing_id, correction.attribute, correction.value, 'correction' as source,
    'correction' as entity, correction.correction_id as source_record_id, correction.corrected_at as since,
    correction.corrected_at as known_from, 'upsert' as op, false as ended, 100 as trust, true as is_winner,
    correction.correction_id as claim_id, correction.obs_key
from register.applied_correction as correction
join {{member}} as member on member.obs_key = correction.obs_key
where correction.kind = {{thing}}
