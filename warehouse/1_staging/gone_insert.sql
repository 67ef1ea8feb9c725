-- Grain: one row per staged version whose record or identity number has a tombstone.
-- From: the staged table, temp.tombstone.   To: temp.gone.
-- Rule: the same two questions as erased_insert.sql asks of a file.
insert into gone
with digested as (
    select source_record_id, content_hash,
        erased_record($inner::blob, $outer::blob, $source, $entity, source_record_id) as record_digest,
        erased_token($inner::blob, $outer::blob, {{token}}) as token_digest
    from {{table}}
)
select $source, $entity, source_record_id, content_hash
from digested
where record_digest in (select digest from tombstone) or token_digest in (select digest from tombstone)
