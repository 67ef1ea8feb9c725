-- Grain: one row per claim.
-- From: the claims of one entity.   To: newest_whole.
-- Rule: a deleted part says nothing of the whole.
select source, whole_id, changed_at, known_from from {{claims}} where op <> 'delete'
