-- Grain: one row per source: all runs up to $night.
-- From: quality.run.   To: the ledger page.
-- Rule: the same sum as nights.sql without its year, so that the ledger explains every row there ever was.
select
    source,
    coalesce(sum(rows_new), 0)::bigint as rows_new,
    coalesce(sum(accepted), 0)::bigint as accepted,
    coalesce(sum(quarantined), 0)::bigint as quarantined,
    coalesce(sum(withdrawn), 0)::bigint as withdrawn
from quality.run
where cast(night as date) <= cast($night as date)
group by source
order by source
