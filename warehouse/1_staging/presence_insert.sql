-- Grain: one row per version that a load of a snapshot entity held.
-- From: temp.batch, the staged table.   To: ledger.presence.
-- Rule: all loads of the entity, partial ones too: a partial one proves presence, only a complete one absence.
insert into ledger.presence
select distinct $source, $entity, $load_id, staged.source_record_id, staged.content_hash
from batch
join {{table}} as staged on staged.content_hash = batch.content_hash
