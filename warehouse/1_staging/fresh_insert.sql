-- Grain: one row per content hash of the batch that the table does not hold.
-- From: temp.batch, the staged table.   To: temp.fresh.
-- Rule: two rows of one load with the same content are one version; which of them is read does not matter.
insert into fresh
select content_hash, min(place), count(*)
from batch
where not exists (select 1 from {{table}} as staged where staged.content_hash = batch.content_hash)
group by content_hash
