-- Grain: one row per closing or return that the table does not hold yet.
-- From: temp.derived, the staged table.   To: the staged table.
-- Rule: a return repeats the content it returns to; a closing carries the key alone, like a tombstone of a source.
insert into {{table}}
select
    derived.load_id, $source, derived.source_record_id, derived.seen_at, derived.content_hash,
    derived.known_from, derived.known_from, derived.op,
    {{carried}},
    case when derived.op = 'upsert' then origin.untyped end
from derived
join {{table}} as origin on origin.content_hash = derived.origin_hash
where not exists (select 1 from {{table}} as staged where staged.content_hash = derived.content_hash)
