-- Grain: one row per person_id.
-- From: register.person_winner, temp.residence_link.   To: person.
-- Rule: ended: every record of the person is withdrawn or cancelled. resident: in force with a stay that is open.
-- unconfirmed: the stays that have not ended wait for somebody to confirm them. gone: every stay has ended, though nobody
-- cancelled the person. Whoever is in force without any stay on record is in no dwelling here: gone as well.
with stayed as (
    select person_id, bool_or(state = 'open') as is_open, bool_or(state = 'unconfirmed') as is_unconfirmed
    from temp.residence_link
    group by person_id
)
select
    winner.person_id,
    case
        when not winner.in_force then 'ended'
        when stayed.is_open then 'resident'
        when stayed.is_unconfirmed then 'unconfirmed'
        else 'gone'
    end as presence
from register.person_winner as winner
left join stayed on stayed.person_id = winner.person_id
