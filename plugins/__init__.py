"""The only Airflow glue: settings, connections, retry policy, alerts. No parsing, no SQL."""
