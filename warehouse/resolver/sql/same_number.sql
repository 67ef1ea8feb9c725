-- Grain: one row per pair of profiles with one number whose names fit each other.
-- From: r_profile, r_number.   To: r_same_number.
-- Rule: the same sound or the same characters; or the same given sound, or surname and one character, with birth dates
--   at most 366 days apart; or same surname, birth and sex; or a hidden name
--   that does not disagree. Births are the records' own, never
--   the number's: else a relative's number would confirm itself. A number that fails its check
--   must have 17 digits that can be read, and name and birth be equal.
create or replace temp table r_same_number as
select a.node as l, b.node as r, a.judged or b.judged as judged
from r_profile as a
inner join r_profile as b on a.id = b.id and a.node < b.node
inner join r_number as number on a.id = number.id and not number.hub
where
    (
        coalesce(a.g_sound = b.g_sound, false)
        or coalesce(a.g_chars = b.g_chars, false)
        or (
            (
                coalesce(a.g_given = b.g_given, false)
                or coalesce(a.g_char1 = b.g_char1, false)
                or coalesce(a.g_char2 = b.g_char2, false)
            )
            and coalesce(abs(a.birth - b.birth) <= 366, true)
        )
        or (coalesce(a.surname = b.surname, false) and coalesce(a.sex = b.sex, true))
        or (
            (a.name is null or b.name is null)
            and (a.surname_id is null or b.surname_id is null or a.surname_id = b.surname_id)
            and coalesce(abs(a.birth - b.birth) <= 366, true)
        )
    )
    and (
        a.id_valid
        or coalesce(list_contains($seen_twice, a.id_type), false)
        or (
            a.tail is not null
            and coalesce(a.birth = b.birth, false)
            and (coalesce(a.g_sound = b.g_sound, false) or coalesce(a.g_chars = b.g_chars, false))
        )
    )
