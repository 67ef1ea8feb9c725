"""What an office reads, held against the truth of the simulated town: figures made a second time, by other means.

Nothing of the warehouse is used here but its tables as they stand: neither its SQL, nor its contracts, nor the reading
of marts.yml. The rules are written anew from their sentences, in pandas, over the town's own file.
"""
