-- Grain: one row.
-- From: register.person_member, person_contested, person_review.   To: the report.
-- Rule: counts only.
select
    coalesce(sum(n), 0)::bigint
    , count(*)
    , coalesce(max(n), 0)
    , (select count(distinct id_token) from register.person_contested)
    , (select count(distinct case_id) from register.person_review)
from (select count(*) as n from register.person_member group by person_id)
