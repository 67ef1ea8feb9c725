-- Grain: one row per month, device_kind and community_code.
-- From: register.device, device_state, object_location, marts.dim_calendar, prepared places.   To: publish.
-- Rule: Devices that stand, by month, kind and community: by their state at the end of the month (of the night in its
-- own month), and the minutes of the month with a known state and on line since the kind was first shown; a month that
-- ended before that is empty and says so (`basis` is `not_shown`).
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
        device.device_id, device.first_seen, device.known_from,
        case when not device.in_force then device.last_seen end as gone_at,
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
shown as (
    select device_kind, min(known_from) as shown_from from device group by device_kind
),
place as (
    select device.device_kind, device.community_code, any_value(shown.shown_from) as shown_from
    from device
    join shown on shown.device_kind = device.device_kind
    group by device.device_kind, device.community_code
),
standing as (
    -- A device that never told a state stands all the same.
    select
        device.device_id, device.device_kind, device.community_code,
        coalesce(state.state, 'unknown') as state,
        coalesce(state.valid_from, device.first_seen) as valid_from,
        case when state.device_id is not null then state.valid_to else device.gone_at end as valid_to
    from device
    left join register.device_state as state on state.device_id = device.device_id
    where coalesce(state.state, 'unknown') <> 'ended'
),
span as (
    select
        month.month, standing.device_kind, standing.community_code, standing.state,
        coalesce(standing.valid_to > month.ends, true) as is_last,
        greatest(0, date_diff('minute', greatest(standing.valid_from, month.begins, shown.shown_from),
            least(coalesce(standing.valid_to, month.ends), month.ends))) as minutes
    from standing
    join shown on shown.device_kind = standing.device_kind
    join month on standing.valid_from <= month.ends and coalesce(standing.valid_to > month.begins, true)
),
counted as (
    select
        month, device_kind, community_code,
        cast(sum(cast(is_last as integer)) as bigint) as devices,
        cast(sum(cast(is_last and state = 'on' as integer)) as bigint) as devices_online,
        cast(sum(cast(is_last and state = 'off' as integer)) as bigint) as devices_offline,
        cast(sum(case when state in ('on', 'off') then minutes else 0 end) as bigint) as known_minutes,
        cast(sum(case when state = 'on' then minutes else 0 end) as bigint) as online_minutes
    from span
    group by month, device_kind, community_code
)
-- Once more by what names a row, so that no row of a device comes through: at most one of each is added up.
select
    month.month, place.device_kind, place.community_code,
    case when any_value(place.shown_from <= month.ends) then 'shown' else 'not_shown' end as basis,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    case when any_value(place.shown_from <= month.ends) then cast(coalesce(sum(counted.devices), 0) as bigint) end
        as devices,
    case when any_value(place.shown_from <= month.ends) then cast(coalesce(sum(counted.devices_online), 0) as bigint) end
        as devices_online,
    case when any_value(place.shown_from <= month.ends) then cast(coalesce(sum(counted.devices_offline), 0) as bigint) end
        as devices_offline,
    case when any_value(place.shown_from <= month.ends) then cast(coalesce(sum(counted.known_minutes), 0) as bigint) end
        as known_minutes,
    case when any_value(place.shown_from <= month.ends) then cast(coalesce(sum(counted.online_minutes), 0) as bigint) end
        as online_minutes
from month
cross join place
left join counted
    on counted.month = month.month and counted.device_kind = place.device_kind
    and counted.community_code = place.community_code
left join prepared.coverage as coverage on coverage.subject = 'device' and coverage.span = 'month'
    and coverage.period = cast(month.month as varchar)
group by month.month, place.device_kind, place.community_code
