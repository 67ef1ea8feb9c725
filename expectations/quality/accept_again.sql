-- Grain: one row per version judged before whose label, emptied columns or place in its record have changed.
-- From: temp.rejected, temp.emptied, temp.superseded, temp.past.   To: its acceptance.
-- Rule: a version that is not judged tonight keeps its label, and is not the newest of its record.
update {{acceptance}} as acceptance
set label = again.label,
    blanked = again.blanked,
    is_current = again.label = 'accepted' and again.is_newest,
    accepted_run = case
        when again.label <> acceptance.label or again.blanked is distinct from acceptance.blanked then $run_no
        else acceptance.accepted_run end
from (
    select
        known.content_hash,
        known.label as label_before,
        known.is_current as current_before,
        known.blanked as blanked_before,
        case
            when known.label = 'withdrawn' or past.content_hash is not null then known.label
            when rejected.content_hash is not null then 'quarantined'
            else 'accepted' end as label,
        case
            when known.label = 'withdrawn' or past.content_hash is not null then known.blanked
            when rejected.content_hash is null then emptied.columns end as blanked,
        superseded.content_hash is null as is_newest
    from {{acceptance}} as known
    left join past on past.content_hash = known.content_hash
    left join rejected on rejected.content_hash = known.content_hash
    left join emptied on emptied.content_hash = known.content_hash
    left join superseded on superseded.content_hash = known.content_hash
) as again
where again.content_hash = acceptance.content_hash
    and (
        again.label <> again.label_before
        or again.blanked is distinct from again.blanked_before
        or (again.label = 'accepted' and again.is_newest) <> again.current_before
    )
