-- Grain: one row per profile and dwelling or household.
-- From: r_obs, r_profile, r_label.   To: r_home.
-- Rule: dwelling and household are one kind of evidence, counted once.
create or replace temp table r_home as
select distinct profile.node, label.label, homes.home
from (
    select profile, house as home from r_obs where house is not null
    union all
    select profile, household from r_obs where household is not null
) as homes
inner join r_profile as profile on homes.profile = profile.profile
inner join r_label as label on profile.node = label.node
