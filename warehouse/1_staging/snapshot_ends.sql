-- Grain: one row per moment that pictures of a snapshot entity show: is a complete one of its own night among them, and
-- how many keys they hold.
-- From: ledger.picture, ledger.presence.   To: the floor rule in snapshots.py.
-- Rule: pictures of one moment are one observation: a window read again that returns less takes nothing away.
select
    picture.dated,
    list(distinct picture.load_id order by picture.load_id) filter (where picture.may_close) as complete,
    count(distinct presence.source_record_id) as keys,
    coalesce(bool_or(picture.floor_held), false) as held
from ledger.picture as picture
left join ledger.presence as presence on presence.load_id = picture.load_id
where picture.source = $source and picture.entity = $entity
group by picture.dated
order by picture.dated
