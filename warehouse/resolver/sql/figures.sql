-- Grain: one row.
-- From: register.person_member, person_contested, person_review.   To: the report.
-- Rule: counts only.
select
    (select count(*) from register.person_member)
    , (select count(distinct person_id) from register.person_member)
    , (select coalesce(max(n), 0) from (select count(*) as n from register.person_member group by person_id))
    , (select count(distinct id_token) from register.person_contested)
    , (select count(distinct case_id) from register.person_review)
