-- Grain: one row per month of rating and kind; the whole street.
-- From: prepared.case_judged, prepared.coverage.   To: yearly_report, publish.
-- Rule: Ratings given by the night, those whose case is not held among them, by month of the rating (without a time of
-- rating that of the closing, else of the receipt, else of the change of the rating's record) and by kind, apart for the
-- office that took the case in and the one responsible: 1 satisfied, 2 mostly and 3 not are rated, 1 and 2 together
-- content, 9 asked and not rated; the sum of feedback points is empty where none were given.
select
    judged.rated_month as month, judged.kind,
    coalesce(any_value(coverage.coverage), 0) as coverage,
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
    cast(sum(feedback_score) as bigint) as feedback_points
from prepared.case_judged as judged
left join prepared.coverage as coverage on coverage.subject = judged.kind || '_rating' and coverage.span = 'month'
    and coverage.period = cast(judged.rated_month as varchar)
where is_rated
group by judged.rated_month, judged.kind
