-- Grain: one row per source and night of the year up to $night.
-- From: quality.run.   To: Night (model.py).
-- Rule: runs of one night are summed, and the last one has the verdict: it saw what the others left.
select
    source,
    cast(night as date) as night,
    arg_max(verdict, started_at) as verdict,
    coalesce(sum(rows_new), 0)::bigint as rows_new,
    coalesce(sum(accepted), 0)::bigint as accepted,
    coalesce(sum(quarantined), 0)::bigint as quarantined,
    coalesce(sum(withdrawn), 0)::bigint as withdrawn,
    max(ended_at) as ended_at,
    arg_max(suite_hash, started_at) as suite_hash
from quality.run
where cast(night as date) between cast($night as date) - 365 and cast($night as date)
group by source, cast(night as date)
order by source, night
