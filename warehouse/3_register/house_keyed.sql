-- Grain: one row per present record that names a dwelling by a key.
-- From: temp.present_house, register.address, temp.judged_house.   To: houses.py, house_node.
-- Rule: known keys first, the room-level key of the text next; an ambiguous text is no key. Judged records stand alone.
with keyed as (
    select
        present.obs_key, present.first_at,
        present.house_code as k0, present.house_ref as k1, present.room_code as k2, present.plate_code as k3,
        case when not address.ambiguous then address.key end as k4,
        judged.obs_key as judged
    from temp.present_house as present
    left join register.address as address on address.raw = present.address
    left join temp.judged_house as judged on judged.obs_key = present.obs_key
)
select * from keyed where coalesce(k0, k1, k2, k3, k4, judged) is not null
