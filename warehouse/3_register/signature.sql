-- Grain: one row per distinct set of keys under which sources know a thing; judged records stand alone.
-- From: the keyed records.   To: houses.py.
-- Rule: support is how many records say so.
select {{keys}}, judged, count(*) as support
from {{keyed}}
group by all
