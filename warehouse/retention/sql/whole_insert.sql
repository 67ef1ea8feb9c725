-- Grain: one row per accepted version of a record that was delivered as a part of a whole (a collection).
-- From: a staged table, its acceptance.   To: temp.whole.
-- Rule: as 3_register/newest_whole reads them, for a part that its whole has lost ended with it.
insert into whole
select
    nullif(trim(staged.{{whole}}::varchar), ''),
    retention_at(staged.changed_at),
    staged.known_from
from {{table}} as staged
left join {{acceptance}} as labelled on labelled.content_hash = staged.content_hash
where staged.op <> 'delete' and coalesce(labelled.label <> 'quarantined', true)
