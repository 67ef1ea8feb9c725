-- Grain: one row per load.
-- From: the manifest.   To: ledger.reading.
-- Rule: written in the transaction of its ledger row.
insert into ledger.reading values ($load_id, $source, $entity, $seen_at, $read_at)
