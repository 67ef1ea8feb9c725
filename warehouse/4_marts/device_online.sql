-- Grain: one row per month, device_kind and community_code.
-- From: register.device, device_state, object_location, marts.dim_calendar, prepared places.   To: publish.
-- Rule: the state at the end of the month (of the night, for this month), and the minutes of the month on line, over
-- the minutes in which a state was known.
with month as (
    select
        calendar.month,
        cast(calendar.month as timestamp) as begins,
        cast(least(max(calendar.day), any_value(night.as_of_day)) + 1 as timestamp) as ends
    from marts.dim_calendar as calendar
    cross join reference.night as night
    where calendar.month <= night.as_of_day
    group by calendar.month
),
device as (
    select
        device.device_id,
        coalesce(device.kind, 'unknown') as device_kind,
        coalesce(grid.community_code, house.community_code, building.community_code, street.community_code)
            as community_code
    from register.device as device
    join marts.dim_community as street on not street.is_community
    left join register.object_location as location
        on location.object_kind = 'device' and location.object_id = device.device_id and location.is_current
    left join register.grid_cell as cell on cell.grid_cell_id = location.grid_cell_id
    left join marts.dim_grid as grid on grid.grid_code = cell.grid_code
    left join prepared.house_place as house on house.house_id = location.house_id
    left join prepared.building_place as building on building.building_id = location.building_id
),
span as (
    select
        month.month, device.device_kind, device.community_code, state.state,
        coalesce(state.valid_to > month.ends, true) as is_last,
        date_diff('minute', greatest(state.valid_from, month.begins),
            least(coalesce(state.valid_to, month.ends), month.ends)) as minutes
    from register.device_state as state
    join device on device.device_id = state.device_id
    join month on state.valid_from <= month.ends and coalesce(state.valid_to > month.begins, true)
    where coalesce(state.state, 'unknown') <> 'ended'
)
select
    month, device_kind, community_code,
    cast(sum(cast(is_last as integer)) as bigint) as devices,
    cast(sum(cast(is_last and state = 'on' as integer)) as bigint) as devices_online,
    cast(sum(cast(is_last and state = 'off' as integer)) as bigint) as devices_offline,
    cast(sum(case when state in ('on', 'off') then minutes else 0 end) as bigint) as known_minutes,
    cast(sum(case when state = 'on' then minutes else 0 end) as bigint) as online_minutes
from span
group by month, device_kind, community_code
