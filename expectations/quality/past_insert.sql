-- Grain: one row per superseded version that was judged before.
-- From: temp.superseded, temp.fresh.   To: labelling.
-- Rule: it keeps the label it has; only a new suite judges it again.
insert into past
select content_hash from superseded
except all
select content_hash from fresh
