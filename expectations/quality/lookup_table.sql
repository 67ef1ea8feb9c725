-- Grain: one row per answer of a lookup that rules of one entity make in other rows.
-- From: whatever the rule speaks of.   To: the conditions of the rules.
-- Rule: temporary; evaluated once, because Great Expectations and the labels both ask.
create or replace temp table {{table}} as
select distinct *
from {{query}}
