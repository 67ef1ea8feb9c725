-- Grain: one row: how many rows the load has, how many bring new versions, how many the table already explains.
-- From: temp.batch, temp.fresh, the staged table before the insert.   To: the conservation check, ledger.load.
-- Rule: counted three times over, not derived from each other, so that a row that went missing shows.
select
    (select count(*) from batch) as landed,
    (select count(*) from fresh) as expected,
    (select coalesce(sum(copies), 0)::bigint from fresh) as fresh_rows,
    (
        select count(*)
        from batch
        where exists (select 1 from {{table}} as staged where staged.content_hash = batch.content_hash)
    ) as known_rows
