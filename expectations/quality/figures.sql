-- Grain: one row: the conservation figures of an entity.
-- From: a staged table, its acceptance, the temporary tables.   To: the ledger check, quality.entity.
-- Rule: counted apart from each other, not derived, so that a row that went missing shows. $everything: every version is
-- new, and temp.fresh was not filled. Emptied are a part of the accepted. `count(*) filter`, because DuckDB's count_if of no rows is NULL.
with versions as (
    select
        staged.op,
        $everything or fresh.content_hash is not null as is_new,
        superseded.content_hash is null as is_newest,
        rejected.content_hash is not null as is_rejected,
        rejected.content_hash is null and emptied.content_hash is not null as is_emptied,
        {{changed}} as changed
    from {{staged}} as staged
    left join fresh on fresh.content_hash = staged.content_hash
    left join superseded on superseded.content_hash = staged.content_hash
    left join rejected on rejected.content_hash = staged.content_hash
    left join emptied on emptied.content_hash = staged.content_hash
)
select
    count(*) as staged,
    count(*) filter (where is_new) as rows_new,
    count(*) filter (where is_new and op = 'upsert' and not is_rejected) as accepted,
    count(*) filter (where is_new and op = 'upsert' and is_rejected) as quarantined,
    count(*) filter (where is_new and op = 'delete') as withdrawn,
    count(*) filter (where is_newest and op = 'upsert') as rows_current,
    count(*) filter (where is_newest and op = 'upsert' and is_rejected) as quarantined_current,
    max(changed) as newest_change,
    count(*) filter (where is_new and op = 'upsert' and is_emptied) as emptied,
    count(*) filter (where is_newest and op = 'upsert' and is_emptied) as emptied_current
from versions
