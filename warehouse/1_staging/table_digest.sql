-- Grain: one row: how many rows, and the sums of both halves of their MD5.
-- From: any table.   To: digest.py.
-- Rule: a sum knows no order; exclusive-or would not see a row that is there twice.
with hashed as (
    select md5(coalesce({{content}}, '')) as hash
    from {{table}}
)
select count(*),
    coalesce(sum(cast('0x' || hash[1:16] as ubigint)), 0)::hugeint,
    coalesce(sum(cast('0x' || hash[17:32] as ubigint)), 0)::hugeint
from hashed
