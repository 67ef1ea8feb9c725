-- Grain: one row per version that this run judges for the first time.
-- From: a staged table, temp.fresh, temp.superseded, temp.rejected, temp.emptied.   To: its acceptance.
-- Rule: the label follows from the findings; nothing is judged again here. Joins, because an `exists` in a select list
-- makes DuckDB group the million hashes first.
insert into {{acceptance}}
with labelled as (
    select
        staged.source_record_id,
        staged.content_hash,
        case
            when staged.op = 'delete' then 'withdrawn'
            when rejected.content_hash is not null then 'quarantined'
            else 'accepted' end as label,
        case when rejected.content_hash is null then emptied.columns end as blanked,
        superseded.content_hash is null as is_newest
    from {{staged}} as staged
    left join rejected on rejected.content_hash = staged.content_hash
    left join emptied on emptied.content_hash = staged.content_hash
    left join superseded on superseded.content_hash = staged.content_hash
    where {{is_fresh}}
)
select source_record_id, content_hash, label, label = 'accepted' and is_newest, $run_no, $run_no, blanked
from labelled
