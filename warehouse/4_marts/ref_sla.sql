-- Grain: one row per kind of case, step and first day of validity.
-- From: reference.sla.   To: analysts, _case_judged.
-- Rule: One row per limit set by law or by the source system and period in which it is in force, with the article and
-- whether its text was checked.
select
    kind,
    step,
    valid_from,
    valid_to,
    cast(days as integer) as days,
    day_kind,
    starts_from,
    cast(extension_days as integer) as extension_days,
    moves_to_working_day,
    moves_source,
    law,
    article,
    status,
    seen_in,
    note_zh,
    note_en
from reference.sla
