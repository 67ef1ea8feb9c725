-- Grain: one row: links whose end is not in the register, links in all.
-- From: a link or table, the table of its end.   To: checked.py.
-- Rule: a link without an end that it may lack (NULL) is no orphan.
select count(*) filter (where link.{{id}} is not null and thing.{{id}} is null), count(*)
from register.{{table}} as link
left join register.{{of}} as thing on thing.{{id}} = link.{{id}}
