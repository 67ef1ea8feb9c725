-- Grain: one row per row of the load that was erased.
-- From: temp.erased.   To: temp.batch.
-- Rule: before any version is made of it; the ledger counts it as dropped by the rule `erased`.
delete from batch
where place in (select place from erased)
