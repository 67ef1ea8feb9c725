-- Grain: one row per rule that a newest version fails: how many, and how many of them are waived.
-- From: temp.finding, temp.superseded.   To: the comparison with Great Expectations, the outcomes.
-- Rule: the same versions that Great Expectations counted.
select place, count(*), count(waiver)
from finding
where content_hash not in (select content_hash from superseded)
group by place
