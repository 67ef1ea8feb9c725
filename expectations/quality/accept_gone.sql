-- Grain: one row per judged version that staging no longer holds (a closing that a late snapshot took back).
-- From: a staged table.   To: its acceptance.
-- Rule: run only when the counts say that there is one.
delete from {{acceptance}}
where content_hash not in (select content_hash from {{staged}})
