-- Grain: one row per version that no released run but this one has judged.
-- From: a staged table, its acceptance.   To: temp.fresh.
-- Rule: what a held run judged is fresh again in the next.
insert into fresh
select staged.content_hash
from {{staged}} as staged
where staged.content_hash not in (select content_hash from {{acceptance}} where judged_run <> $run_no)
