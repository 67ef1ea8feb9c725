-- Grain: one row per version that gets a label tonight: the newest of each record, and what no run has judged yet.
-- From: a staged table, temp.past.   To: finding_insert.sql.
-- Rule: a deletion says nothing that a rule could judge.
create or replace temp view labelling as
select staged.*
from {{staged}} as staged
where staged.op = 'upsert' and {{population}}
