-- Grain: one row per load that no good run before this one has seen.
-- From: ledger.load.   To: quality.volume.
-- Rule: loads of a held night are seen again by the next run; only good runs become history.
insert into quality.volume
select $run_id, $source, $night, $entity, load.load_id, load.landed,
    date_diff('second', load.window_begin, load.window_end) / 86400.0
from ledger.load as load
where load.source = $source and load.entity = $entity and not exists (
    select 1
    from quality.volume as volume
    join quality.run as run on run.run_id = volume.run_id
    where volume.source = $source and volume.entity = $entity and volume.load_id = load.load_id
        and run.verdict in ('pass', 'flagged')
)
