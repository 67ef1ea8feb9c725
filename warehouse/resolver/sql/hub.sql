-- Grain: one row per hub.
-- From: register.person_hub, r_retold.   To: r_hub.
-- Rule: a number that was touched is judged anew, for then all who bear it are in scope.
create or replace temp table r_hub as
select id from register.person_hub where {{given}}
