-- Grain: one row per stay: person_id, house_id and stay (a person may come back).
-- From: temp.residence_link.   To: marts, the steward's pages.
-- Rule: the stays whose dwelling is known; a stay in a place that nobody can find is a stay (person.presence) without one.
select
    person_id, house_id, stay, kind, role, tenure, household_relation, valid_from, valid_to, ended_by, state,
    confirmed_until, planned_until, verified_at, records, sources, known_from, is_latest, is_current
from temp.residence_link
where house_id is not null
