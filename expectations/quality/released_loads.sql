-- Grain: one row: how many loads of an entity earlier runs have released.
-- From: quality.run, ledger.load.   To: likeness.py.
-- Rule: a load without news is a night as well, and makes the usual number smaller.
select count(*)
from ledger.load as load
where load.source = $source and load.entity = $entity and load.window_end <= (
    select max(other.window_end)
    from ledger.load as other
    join {{staged}} as staged on staged.load_id = other.load_id
    join {{acceptance}} as known on known.content_hash = staged.content_hash and known.judged_run <> $run_no
    where other.source = $source and other.entity = $entity
)
