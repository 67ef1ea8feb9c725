-- Grain: one row per record: its newest accepted version, unless it was withdrawn.
-- From: a staged table, its acceptance.   To: claims, marts.
-- Rule: a newer version in quarantine does not take the last good one away; a value that a rule emptied is null.
create or replace view {{view}} as
select {{values}}, acceptance.accepted_run
from {{staged}} as staged
join {{acceptance}} as acceptance on acceptance.content_hash = staged.content_hash
where acceptance.is_current
