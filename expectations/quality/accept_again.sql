-- Grain: one row per version judged before whose label or place in its record has changed.
-- From: temp.rejected, temp.superseded, judged.   To: its acceptance.
-- Rule: a version that is not judged tonight keeps its label, and is not the newest of its record.
update {{acceptance}} as acceptance
set label = again.label,
    is_current = again.is_current,
    accepted_run = case when again.label <> acceptance.label then $run_no else acceptance.accepted_run end
from (
    select
        known.content_hash,
        case
            when known.label = 'withdrawn' or judged.content_hash is null then known.label
            when rejected.content_hash is not null then 'quarantined'
            else 'accepted' end as label,
        superseded.content_hash is null and known.label <> 'withdrawn' and case
            when judged.content_hash is null then known.label = 'accepted'
            else rejected.content_hash is null end as is_current
    from {{acceptance}} as known
    left join judged on judged.content_hash = known.content_hash
    left join rejected on rejected.content_hash = known.content_hash
    left join superseded on superseded.content_hash = known.content_hash
) as again
where again.content_hash = acceptance.content_hash
    and (again.label <> acceptance.label or again.is_current <> acceptance.is_current)
