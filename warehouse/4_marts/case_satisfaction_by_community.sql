-- Grain: one row per quarter of rating, kind and community_code.
-- From: prepared.case_judged, prepared.coverage.   To: publish.
-- Rule: The ratings of case_satisfaction, by quarter of the rating, kind and community (as in
-- case_timeliness_by_community).
select
    judged.rated_quarter as quarter, judged.kind, judged.community_code,
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
left join prepared.coverage as coverage on coverage.subject = judged.kind || '_rating' and coverage.span = 'quarter'
    and coverage.period = judged.rated_quarter
where is_rated
group by judged.rated_quarter, judged.kind, judged.community_code
