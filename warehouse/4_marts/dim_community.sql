-- Grain: one row per community of the street, and one for what is known to the street only.
-- From: reference.community, reference.night.   To: analysts, every mart with a community.
-- Rule: One row per community in the street's list, and one (the street's code and 000) for what is in none.
with listed as (
    select community.community_code, community.name, true as is_community
    from reference.community as community
),
street as (
    select night.street_code || '000' as community_code, '未分到社区' as name, false as is_community
    from reference.night as night
),
dim_community as (
    select community_code, name, is_community from listed
    union all
    select community_code, name, is_community from street
)
select
    dim_community.community_code,
    dim_community.name as community_name,
    night.street_code,
    dim_community.is_community
from dim_community
cross join reference.night as night
