-- Grain: one row per version that is not in quarantine, deletions included.
-- From: a staged table, its acceptance.   To: whoever needs the history of a record.
-- Rule: as known on day K is the same over the versions with known_from <= K; a value that a rule emptied is null, and
-- blanked names its column.
create or replace view {{view}} as
select {{values}}, acceptance.is_current, acceptance.accepted_run, acceptance.blanked
from {{staged}} as staged
join {{acceptance}} as acceptance on acceptance.content_hash = staged.content_hash
where acceptance.label <> 'quarantined'
