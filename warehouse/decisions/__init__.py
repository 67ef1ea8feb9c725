"""The decision store: what cannot be rebuilt from the landing zone.

Judgements, corrections, erasures, waivers, the access log and the identity vault; SQLite on one machine, PostgreSQL
in production, both through SQLAlchemy.
"""
