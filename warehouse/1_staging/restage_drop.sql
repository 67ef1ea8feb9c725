-- Grain: all rows of one entity.
-- From: a contract whose shape changed.   To: nothing: the next loads stage the entity anew from the landing zone.
-- Rule: table and ledger go together; only done when every load of the entity still lies in the landing zone.
drop table if exists {{table}};
delete from ledger.load where source = $source and entity = $entity;
delete from ledger.presence where source = $source and entity = $entity;
delete from ledger.shape where source = $source and entity = $entity;
