"""08: counts of enrolment tasks, bulk text files."""
