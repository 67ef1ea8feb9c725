-- Grain: one row per record: its newest version, unless it was withdrawn.
-- From: a staged table, temp.superseded.   To: Great Expectations.
-- Rule: the state that would be released is graded; what a record said before weighs nothing once it is mended. Where no
-- record has a second version the join is left out: it would cost half a scan.
create or replace temp view judged as
select staged.*
from {{staged}} as staged
where staged.op = 'upsert' and {{population}}
