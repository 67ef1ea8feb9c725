-- Grain: one row per profile and block key.
-- From: r_evidence or r_told, r_home.   To: r_key or r_key_told.
-- Rule: the keys are the model's; a key with a missing part is none.
create or replace temp table {{target}} as
{{keys}}
