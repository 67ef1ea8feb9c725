-- Grain: one row per load of a snapshot entity whose closings or returns changed.
-- From: temp.derived.   To: ledger.load.
-- Rule: closed is NULL between the load and this statement, so a run killed in between is finished by the next.
update ledger.load as load
set closed = (select count(*) from derived where derived.load_id = load.load_id and derived.op = 'delete'),
    "returned" = (select count(*) from derived where derived.load_id = load.load_id and derived.op = 'upsert')
where load.source = $source and load.entity = $entity
