"""The BI service: its settings, what it is provisioned from, and the step that does it. Superset runs it, not we."""
