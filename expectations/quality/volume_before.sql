-- Grain: one row per load of the last good runs.
-- From: quality.volume, quality.run.   To: the volume bound.
-- Rule: a held or broken night never becomes the measure of the next.
select volume.rows, volume.days
from quality.volume as volume
join quality.run as run on run.run_id = volume.run_id
join ledger.load as load on load.load_id = volume.load_id
where volume.source = $source and volume.entity = $entity and volume.run_id <> $run_id
    and run.verdict in ('pass', 'flagged') and not load.partial
order by load.window_end desc, load.load_id
limit $history
