-- Grain: one row per version that a load of a snapshot entity delivered.
-- From: ledger.presence, ledger.picture.   To: the staged table.
-- Rule: known since the first picture that shows it, seen until the last; without a clock of the source, changed when it
-- was first shown. From all loads at once: which picture came late may only show afterwards.
update {{table}} as staged
set known_from = shown.first_shown,
    seen_at = shown.last_shown,
    load_id = shown.load_id,
    changed_at = case when $clocked then staged.changed_at else shown.first_shown end
from (
    select
        presence.content_hash,
        min(picture.dated) as first_shown,
        max(picture.dated) as last_shown,
        arg_min(picture.load_id, {'at': picture.dated, 'load': picture.load_id}) as load_id
    from ledger.presence as presence
    join ledger.picture as picture on picture.load_id = presence.load_id
    where presence.source = $source and presence.entity = $entity
    group by presence.content_hash
) as shown
where shown.content_hash = staged.content_hash
    and (shown.first_shown, shown.last_shown, shown.load_id) <> (staged.known_from, staged.seen_at, staged.load_id)
