-- Grain: one row per section of the industrial classification.
-- From: reference.industry.   To: analysts, employers_by_industry.
-- Rule: One row per section A to T of GB/T 4754-2017, and one for an unknown trade.
select section, zh as section_zh, en as section_en from reference.industry
