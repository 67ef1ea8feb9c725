-- Grain: one row: tombstones and untyped values among the versions the load brought.
-- From: the staged table, temp.fresh.   To: ledger.load, the report.
-- Rule: load_id alone would not do: an earlier window takes over versions that a later one brought.
select
    count(*) filter (where op = 'delete') as deletes,
    coalesce(sum(cardinality(untyped)), 0)::bigint as untyped
from {{table}} as staged
where load_id = $load_id and exists (select 1 from fresh where fresh.content_hash = staged.content_hash)
