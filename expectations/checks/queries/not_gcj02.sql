-- Grain: one row per version whose point is the shifted image of where the same thing stands elsewhere.
-- From: all versions of an entity and of another one.   To: the check not_gcj02.
-- Rule: over 100 m from the point and within 30 m of its image.
select ours.content_hash
from {{ours}} as ours
join {{known}} as known on known.{{key}} = ours.{{by}}
where known.op = 'upsert' and {{plain}} > 100 and {{image}} < 30
