-- Grain: one row per load of this run: rows and days of its window.
-- From: quality.volume, ledger.load.   To: the volume bound.
-- Rule: a partial load fell short and said so; it is no measure.
select volume.rows, volume.days
from quality.volume as volume
join ledger.load as load on load.load_id = volume.load_id
where volume.run_id = $run_id and volume.entity = $entity and not load.partial
