-- Grain: one row per judged version that staging no longer holds (a closing that a late snapshot took back).
-- From: a staged table.   To: its acceptance.
-- Rule: run only when the counts say that there is one.
delete from {{acceptance}} as acceptance
where not exists (select 1 from {{staged}} as staged where staged.content_hash = acceptance.content_hash)
