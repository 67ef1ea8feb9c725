-- Grain: one row per version that this run judges for the first time.
-- From: a staged table, temp.fresh, temp.superseded, temp.rejected.   To: its acceptance.
-- Rule: the label follows from the findings; nothing is judged again here.
insert into {{acceptance}}
select labelled.source_record_id, labelled.content_hash, labelled.label,
    labelled.label = 'accepted' and labelled.is_newest, $run_no, $run_no
from (
    select
        staged.source_record_id,
        staged.content_hash,
        case
            when staged.op = 'delete' then 'withdrawn'
            when exists (select 1 from rejected where rejected.content_hash = staged.content_hash) then 'quarantined'
            else 'accepted' end as label,
        not exists (select 1 from superseded where superseded.content_hash = staged.content_hash) as is_newest
    from {{staged}} as staged
    where {{is_fresh}}
) as labelled
