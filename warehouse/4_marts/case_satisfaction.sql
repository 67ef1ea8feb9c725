-- Grain: one row per month of rating and kind; the whole street.
-- From: prepared.case_judged.   To: yearly_report, publish.
-- Rule: every case can be rated twice: the office that took it in, and the one responsible for it. Codes 1 satisfied,
-- 2 mostly, 3 not, 9 asked and not rated; counted in the month of the rating.
select
    rated_month as month, kind,
    count(*) filter (where intake in ('1', '2', '3')) as rated_intake,
    count(*) filter (where intake in ('1', '2')) as content_intake,
    count(*) filter (where intake = '1') as satisfied_intake,
    count(*) filter (where intake = '2') as mostly_satisfied_intake,
    count(*) filter (where intake = '3') as dissatisfied_intake,
    count(*) filter (where intake = '9') as not_rated_intake,
    count(*) filter (where responsible in ('1', '2', '3')) as rated_responsible,
    count(*) filter (where responsible in ('1', '2')) as content_responsible,
    count(*) filter (where responsible = '1') as satisfied_responsible,
    count(*) filter (where responsible = '2') as mostly_satisfied_responsible,
    count(*) filter (where responsible = '3') as dissatisfied_responsible,
    count(*) filter (where responsible = '9') as not_rated_responsible,
    count(feedback_score) as feedback_given,
    cast(coalesce(sum(feedback_score), 0) as bigint) as feedback_points
from prepared.case_judged
where is_rated
group by rated_month, kind
