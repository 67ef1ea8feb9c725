"""09: counts of community services, one CSV file a month."""
