-- Grain: one row: the latest night that was judged.
-- From: quality.run.   To: read.py, when no night was asked for.
-- Rule: any source counts: those that have no run in that night are shown as not judged.
select max(night)
from quality.run
