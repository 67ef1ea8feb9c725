-- Grain: one row per section of the industrial classification.
-- From: reference.industry.   To: analysts, employers_by_industry.
-- Rule: GB/T 4754-2017, sections A to T.
select section, zh as section_zh, en as section_en from reference.industry
