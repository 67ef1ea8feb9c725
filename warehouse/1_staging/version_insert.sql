-- Grain: one row per version that the load brings for the first time.
-- From: one landed Parquet file, temp.fresh.   To: the staged table.
-- Rule: typed where the text is clearly of the contract's type; what is not stays in `untyped`; no row is left out.
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
)
select
    $load_id, $source, source_record_id, $window_end, content_hash, {{changed_at}}, $window_end,
    case when {{deleted}} then 'delete' else 'upsert' end,
    {{results}},
    case when {{failed}} then {{untyped}} end
from typed
