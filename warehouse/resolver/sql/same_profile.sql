-- Grain: one row per profile that stands in the register as it came out now.
-- From: r_kept_profile, register.person_profile.   To: r_same_profile.
-- Rule: a profile is its own digest; only the component and the earliest observation can differ.
create or replace temp table r_same_profile as
select kept.profile
from r_kept_profile as kept
inner join register.person_profile as known
    on kept.profile = known.profile and kept.component = known.component and kept.obs_key = known.obs_key
