-- Grain: one row per source.
-- From: ledger.load.   To: Source (model.py).
-- Rule: fresh until the end of the last window that was loaded, whether it brought anything new or not.
select source, max(window_end) as fresh_until, max(loaded_at) as loaded_at
from ledger.load
where cast(window_begin as date) <= cast($night as date)
group by source
order by source
