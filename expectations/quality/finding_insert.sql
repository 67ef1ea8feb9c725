-- Grain: one row per failing row and rule.
-- From: labelling.   To: temp.finding.
-- Rule: the one pass in which rows are labelled; everything later reads these rows. Only rules that Great Expectations
-- found failing are asked again, and the others of what it did not count: versions replaced before anybody judged them.
insert into finding (content_hash, source_record_id, place, shown, emptied)
with marked as (
    select content_hash, source_record_id, list_filter([{{reasons}}], lambda r: r is not null) as reasons
    from labelling
    where {{counted}} and ({{any_bad}})
),
spread as (
    select content_hash, source_record_id, unnest(reasons) as reason
    from marked
)
select content_hash, source_record_id, reason.place, reason.shown, reason.emptied
from spread
