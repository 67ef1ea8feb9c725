-- Grain: one row per profile and block key.
-- From: r_evidence, r_home.   To: r_key.
-- Rule: the keys are the model's; a key with a missing part is none.
create or replace temp table r_key as
{{keys}}
