-- Grain: one row per judged version that no run has judged before.
-- From: judged, temp.fresh.   To: Great Expectations.
-- Rule: a bad night must show although it drowns among a million good records.
create or replace temp view delivered as
select judged.*
from judged
where judged.content_hash in (select content_hash from fresh)
