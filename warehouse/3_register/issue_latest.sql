-- Grain: one row per record that ever stood under an id that was given out: the id it stood under last.
-- From: register.issue.   To: issued.py.
-- Rule: the latest issue decides; stands says whether the record was still there then.
select obs_key, arg_max(id, seq) as id, arg_max(what, seq) = 'record' as stands
from register.issue
where thing = {{thing}} and what in ('record', 'gone')
group by obs_key
