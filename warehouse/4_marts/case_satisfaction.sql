-- Grain: one row per month of rating, kind, handling_office and community_code.
-- From: prepared.case_present, reference.night.   To: yearly_report, publish.
-- Rule: every case can be rated twice: the office that took it in, and the one responsible for it. Codes 1 satisfied,
-- 2 mostly, 3 not, 9 asked and not rated; without a time of rating the closing counts, then the receipt.
with rated as (
    select
        coalesce(rated_at, closed_at, received_at) as moment, kind, handling_office, community_code,
        satisfaction_intake as intake, satisfaction as responsible, feedback_score
    from prepared.case_present
    where satisfaction is not null or satisfaction_intake is not null or feedback_score is not null
)
select
    cast(date_trunc('month', moment) as date) as month,
    kind, handling_office, community_code,
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
from rated
cross join reference.night as night
where cast(moment as date) <= night.as_of_day
group by cast(date_trunc('month', moment) as date), kind, handling_office, community_code
