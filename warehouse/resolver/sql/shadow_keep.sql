-- Grain: one row per observation.
-- From: register.person_member of a shadow run.   To: the table named.
-- Rule: as resolved by the model that ran last.
create or replace table {{table}} as
select obs_key, person_id from register.person_member
