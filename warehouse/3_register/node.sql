-- Grain: one row per present record that names a thing by a key.
-- From: the keyed records, the clusters of their signatures.   To: the members.
-- Rule: a record belongs where its signature does.
select keyed.obs_key, keyed.first_at, cluster.cluster, cluster.is_known
from {{keyed}} as keyed
join {{cluster}} as cluster on {{alike}}
