-- Grain: one row per kind of case, step and first day of validity.
-- From: reference.sla.   To: analysts, _case_judged.
-- Rule: what the law allows, which article says so, and whether its text was checked or is still to be confirmed.
select
    kind,
    step,
    valid_from,
    valid_to,
    cast(days as integer) as days,
    day_kind,
    starts_from,
    cast(extension_days as integer) as extension_days,
    law,
    article,
    status,
    seen_in,
    note_zh,
    note_en
from reference.sla
