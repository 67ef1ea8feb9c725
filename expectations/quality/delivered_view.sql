-- Grain: one row per judged version that no run has judged before.
-- From: judged, temp.fresh.   To: Great Expectations.
-- Rule: a bad night must show although it drowns among a million good records.
create or replace temp view delivered as
select judged.*
from judged
where exists (select 1 from fresh where fresh.content_hash = judged.content_hash)
