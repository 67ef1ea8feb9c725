-- Grain: one row per record whose newest version is in quarantine and that has an accepted one before it.
-- From: a staged table, its acceptance.   To: its acceptance.
-- Rule: the last good version stands, as a whole source does when it is held; what was withdrawn does not come back.
update {{acceptance}} as acceptance
set is_current = true
from (
    select
        arg_max(
            {'content_hash': known.content_hash, 'label': known.label},
            {
                'at': coalesce(staged.changed_at, timestamp '1990-01-01'), 'gone': staged.op = 'delete',
                'hash': staged.content_hash
            }
        ) as newest
    from {{acceptance}} as known
    join {{staged}} as staged on staged.content_hash = known.content_hash
    where known.label <> 'quarantined' and known.source_record_id in (
        select blocked.source_record_id
        from {{acceptance}} as blocked
        where blocked.label = 'quarantined' and blocked.content_hash not in (select content_hash from superseded)
    )
    group by known.source_record_id
) as good
where acceptance.content_hash = good.newest.content_hash and good.newest.label = 'accepted'
