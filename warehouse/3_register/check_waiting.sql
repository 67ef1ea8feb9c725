-- Grain: one row: entities whose claims wait for their staging or their check, entities that claim anything.
-- From: claims.waiting, claims.shape.   To: checked.py.
-- Rule: what was accepted before stands in for them, so the register is older there than it says.
select
    (select count(*) from claims.waiting),
    (select count(*) from (select distinct source, entity from claims.shape))
