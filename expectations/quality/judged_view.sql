-- Grain: one row per version to be judged: of each record the newest, and what no run has judged yet.
-- From: a staged table, temp.past.   To: Great Expectations, finding_insert.sql.
-- Rule: a deletion says nothing that a rule could judge. Without a past the join with it is left out: it would cost half a scan.
create or replace temp view judged as
select staged.*
from {{staged}} as staged
where staged.op = 'upsert' and {{population}}
