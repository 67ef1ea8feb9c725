-- Grain: one row per present record of a house or building.
-- From: temp nodes.   To: register.house_member, register.building_member.
-- Rule: the id comes from the anchor: a record with a known key, then the earliest, then the smallest key.
with anchored as (
    select
        obs_key,
        first_value(obs_key) over (
            partition by cluster order by is_known desc, first_at, obs_key
            rows between unbounded preceding and unbounded following
        ) as anchor
    from {{nodes}}
)
select obs_key, register_id({{letter}}, anchor) as {{id}}
from anchored
