-- Grain: one row per row of a landed file whose record or identity number has a tombstone.
-- From: one landed Parquet file, temp.tombstone.   To: temp.erased.
-- Rule: the row goes, not the record: an old version may hold somebody else's number that the source has since mended.
insert into erased
with landed as (
    select {{landed}}, file_row_number as place_in_file
    from read_parquet($file, file_row_number = true, hive_partitioning = false)
),
digested as (
    select place_in_file,
        erased_record($inner::blob, $outer::blob, $source, $entity, {{record_id}}) as record_digest,
        erased_token($inner::blob, $outer::blob, {{token}}) as token_digest
    from landed
)
select place_in_file
from digested
where record_digest in (select digest from tombstone) or token_digest in (select digest from tombstone)
