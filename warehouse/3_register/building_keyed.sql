-- Grain: one row per present record that names a building by a key.
-- From: temp.present_building, register.address.   To: houses.py, building_node.
-- Rule: a building may have several GUIDs (old and new ones), but one code.
with keyed as (
    select
        present.obs_key, present.first_at, present.building_code as k0, present.building_ref as k1,
        case when not address.ambiguous then address.building_key end as k2,
        null::varchar as judged
    from temp.present_building as present
    left join register.address as address on address.raw = present.address
)
select * from keyed where coalesce(k0, k1, k2) is not null
