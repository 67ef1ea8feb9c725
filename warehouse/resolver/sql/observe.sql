-- Grain: one row per observation.
-- From: the observations at hand.   To: r_obs, or r_fresh_obs for those that a night brings.
-- Rule: observations that say the same about number, name, birth and sex are one profile. Without a number they are so
--   only within one dwelling, without a full name or a birth date never; a judged observation stands for itself.
create or replace temp table {{target}} as
select
    obs_key
    , coalesce(changed_at::varchar, '9999') || ' ' || obs_key as first
    , {{profile}} as profile
    , case when house_key is not null then hash('house', house_key) end as house
    , case when household_token is not null then hash('household', household_token) end as household
    , changed_at
from {{source}}
