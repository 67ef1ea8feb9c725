-- Grain: one row per code of a list.
-- From: reference.code.   To: analysts.
-- Rule: names for the codes in the marts; a list bears the name of the column, channels also the kind of case.
select list, code, zh as name_zh, en as name_en from reference.code
