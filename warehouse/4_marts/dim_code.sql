-- Grain: one row per code of a list.
-- From: reference.code.   To: analysts.
-- Rule: One row per code that occurs in a mart, `unknown` included; a code that no list names stands as `code X (not
-- listed)`.
select list, code, zh as name_zh, en as name_en, status from reference.code
