-- Grain: one row per record that loses versions and stays.
-- From: temp.past, what earlier purges left.   To: `_purged.parquet`.
-- Rule: the first times of all that was ever accepted of it; a record that goes wholly leaves nothing.
select source_record_id, min(first_at) as first_at, min(first_known) as first_known
from (
    select source_record_id, moment as first_at, known_from as first_known
    from past
    where is_accepted and not is_wholly
    union all
    select source_record_id, first_at, first_known from ledger.origin
    where source = $source and entity = $entity
        and source_record_id not in (select source_record_id from past where is_wholly)
) as told
group by source_record_id
