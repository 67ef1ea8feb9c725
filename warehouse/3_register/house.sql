-- Grain: one row per house_id.
-- From: register.house_winner, house_member, building_member, register.address.   To: links, marts.
-- Rule: the building is the one its own records name, by trust; address elements are read from the address that won.
with standing as (
    select
        house.house_id,
        arg_min(building.building_id, {'trust': -present.trust, 'at': -epoch_us(present.moment), 'key': present.obs_key})
            as building_id
    from register.house_member as house
    join register.building_member as building on building.obs_key = house.obs_key
    join temp.present_building as present on present.obs_key = house.obs_key
    group by house.house_id
)
select
    winner.house_id, standing.building_id, winner.house_code, winner.house_ref, winner.room_code, winner.plate_code,
    winner.address, address.road, address.door, address.building, address.unit, address.floor, address.room,
    winner.name, winner.use, winner.let_as, winner.is_let, winner.area_m2, winner.rooms, winner.storey, winner.hazard,
    winner.state, winner.community_code, winner.grid_code, winner.lng, winner.lat,
    winner.in_force, winner.records, winner.sources, winner.first_seen, winner.last_seen, winner.known_from
from register.house_winner as winner
left join standing on standing.house_id = winner.house_id
left join register.address as address on address.raw = winner.address
