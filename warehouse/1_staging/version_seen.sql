-- Grain: one row per version of the batch that the table held before.
-- From: temp.batch.   To: the staged table.
-- Rule: earliest and latest window end, and the load of the earliest (smallest id on a tie): any order ends alike.
update {{table}} as staged
set seen_at = greatest(staged.seen_at, $window_end),
    known_from = least(staged.known_from, $window_end),
    load_id = case
        when $window_end < staged.known_from then $load_id
        when $window_end = staged.known_from then least(staged.load_id, $load_id)
        else staged.load_id end
from batch
where batch.content_hash = staged.content_hash
    and (
        $window_end > staged.seen_at
        or $window_end < staged.known_from
        or ($window_end = staged.known_from and $load_id < staged.load_id)
    )
