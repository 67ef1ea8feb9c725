-- Grain: one row per window end of a snapshot entity: is a complete load among its loads, and how many keys it holds.
-- From: ledger.load, ledger.presence.   To: the floor rule in snapshots.py.
-- Rule: loads of one window end are one observation: a window read again that returns less takes nothing away.
select
    load.window_end,
    list(distinct load.load_id order by load.load_id) filter (where load.snapshot and not load.partial) as complete,
    count(distinct presence.source_record_id) as keys,
    coalesce(bool_or(load.floor_held), false) as held
from ledger.load as load
left join ledger.presence as presence on presence.load_id = load.load_id
where load.source = $source and load.entity = $entity
group by load.window_end
order by load.window_end
