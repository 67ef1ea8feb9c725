-- Grain: one row per source and night of the year up to $night.
-- From: quality.run.   To: Night (model.py).
-- Rule: a night that was run again has replaced its row, so a source has one verdict a night.
select
    source, night, verdict, rows_new, accepted, quarantined, withdrawn, rows_current, quarantined_current,
    noted_current, coalesce(emptied, 0) as emptied, coalesce(emptied_current, 0) as emptied_current, ended_at, coalesce(code, '') as code, coalesce(detail, '') as detail,
    coalesce(failed_suite_hash <> suite_hash, false) as suite_changed
from quality.run
where night between cast($night as date) - 365 and cast($night as date)
order by source, night
