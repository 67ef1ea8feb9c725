-- Grain: one row per dwelling and moment at which a record listed all who live there.
-- From: temp.present_house, register.house_member.   To: residence_stay.
-- Rule: which records do is said by the contract (lists_all); a cancelled one lists nobody.
select distinct
    member.house_id,
    case when house.verified_at between timestamp '1990-01-01' and register_seen(house.moment)
        then house.verified_at else house.moment end as visited_at
from temp.present_house as house
join register.house_member as member on member.obs_key = house.obs_key
where house.lists_all and not house.ended
