-- Grain: one row per version of the batch that the table held before.
-- From: temp.batch.   To: the staged table.
-- Rule: earliest and latest moment it was known, and the load of the earliest (smallest id on a tie): any order ends
-- alike. Without a clock of the source, changed when it was first seen.
update {{table}} as staged
set seen_at = greatest(staged.seen_at, told.known, $seen_at),
    known_from = least(staged.known_from, told.known),
    changed_at = case when $clocked or staged.op = 'delete' then staged.changed_at
        else least(staged.changed_at, told.known) end,
    load_id = case
        when told.known < staged.known_from then $load_id
        when told.known = staged.known_from then least(staged.load_id, $load_id)
        else staged.load_id end
from (
    select again.content_hash,
        stage_known(
            $seen_at, case when $clocked or again.op = 'delete' then again.changed_at end, $read_at, $history
        ) as known
    from {{table}} as again
    where again.content_hash in (select content_hash from batch)
) as told
where told.content_hash = staged.content_hash
    and (
        greatest(told.known, $seen_at) > staged.seen_at
        or told.known < staged.known_from
        or (told.known = staged.known_from and $load_id < staged.load_id)
    )
