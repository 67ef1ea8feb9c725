-- Grain: one row per rule and night of the 30 nights up to $night.
-- From: quality.result.   To: Point (model.py).
-- Rule: a night in which a rule was not asked has no failing rows, and its outcome says so.
select source, entity, rule, night, coalesce(failing, 0) as failing, outcome
from quality.result
where night between cast($night as date) - 29 and cast($night as date)
order by source, entity, rule, night
