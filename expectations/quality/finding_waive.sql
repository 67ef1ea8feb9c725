-- Grain: one row per finding that a steward has waived.
-- From: temp.waived.   To: temp.finding.
-- Rule: a waiver of a whole rule has no record; of two that fit, the one with the smaller id is named.
update finding
set waiver = (
    select min(waived.waiver)
    from waived
    where waived.place = finding.place
        and (waived.source_record_id is null or waived.source_record_id = finding.source_record_id)
)
where place in (select place from waived)
