-- Grain: one row per load whose file a purge has written anew.
-- From: ledger.load, quality.run.   To: quality.volume.
-- Rule: the same rows had been judged under the file's old name; they are no news for the volume of the next night. Put
-- to the first good night, which nobody judges again.
insert into quality.volume
select judged.run_id, load.source, judged.night, load.entity, load.load_id, load.landed,
    date_diff('second', load.window_begin, load.window_end) / 86400.0
from ledger.load as load
join (
    select source, arg_min(run_id, night) as run_id, min(night) as night
    from quality.run
    where verdict in ('pass', 'flagged')
    group by source
) as judged on judged.source = load.source
where load.source = $source and load.entity = $entity and load.dropped['purged'] is not null
    and load.load_id not in (select load_id from quality.volume where source = $source and entity = $entity)
