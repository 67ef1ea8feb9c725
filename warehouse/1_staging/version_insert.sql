-- Grain: one row per version that the load brings for the first time.
-- From: one landed Parquet file, temp.fresh.   To: the staged table.
-- Rule: typed where the text is clearly of the contract's type; what is not stays in `untyped`; no row is left out. Known
-- since its window ended, or since its own change if that came later: a window of the past may be told a present state.
insert into {{table}}
with landed as (
    select {{landed}}, file_row_number as place_in_file
    from read_parquet($file, file_row_number = true, hive_partitioning = false)
),
valued as (
    select fresh.content_hash, {{record_id}} as source_record_id, {{values}}
    from landed
    join fresh on fresh.place = landed.place_in_file
),
typed as (
    select *, {{typings}}
    from valued
),
dated as (
    select *, {{changed_at}} as moment, stage_known($seen_at, {{changed_at}}, $read_at, $history) as known
    from typed
)
select
    $load_id, $source, source_record_id, greatest(known, $seen_at), content_hash, moment, known,
    case when {{deleted}} then 'delete' else 'upsert' end,
    {{results}},
    case when {{failed}} then {{untyped}} end
from dated
