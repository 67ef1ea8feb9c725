-- Grain: one row: how many accepted versions staging no longer holds.
-- From: an acceptance, its staged table.   To: claims.py.
-- Rule: the table was staged anew under other names or columns and no check has released it since: what it holds is not
-- yet what is accepted, so what was claimed of it stays.
select count(*)
from {{acceptance}} as known
anti join {{staged}} as staged on staged.content_hash = known.content_hash
where known.label = 'accepted'
