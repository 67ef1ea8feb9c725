-- Grain: the whole table of one entity.
-- From: a contract whose shape changed.   To: staged_table.sql.
-- Rule: its ledger rows go in the same transaction, and only when every load still lies in the landing zone.
drop table if exists {{table}}
