"""`make demo`: one night of the simulated town through a real Airflow, on this machine and nothing else."""
