-- Grain: one row per load whose floor verdict changed.
-- From: the floor rule in snapshots.py.   To: ledger.load.
-- Rule: the verdict follows from the set of loads, so an earlier snapshot that arrives late may change it.
update ledger.load
set floor_held = not floor_held
where load_id in (
    select load_id
    from ledger.picture
    where source = $source and entity = $entity
        and floor_held <> (may_close and list_contains($held::timestamp[], dated))
)
