-- Grain: one row per field that the newest load of an entity sent beside its contract.
-- From: ledger.undeclared.   To: likeness.py.
-- Rule: the newest alone: a field that was declared or ignored since is no news any more.
select undeclared.field
from ledger.undeclared as undeclared
where undeclared.load_id in (
    select arg_max(load.load_id, {'at': load.window_end, 'load': load.load_id})
    from ledger.load as load
    where load.source = $source and load.entity = $entity
)
order by undeclared.field
