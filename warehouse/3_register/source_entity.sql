-- Grain: one row per source entity that claims one kind of thing.
-- From: the claims of one entity.   To: source_place.
-- Rule: taken from the claims themselves, so that a past needs nothing else.
select distinct source, entity from {{claims}}
