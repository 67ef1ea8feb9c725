"""The figures the project promises, each measured in one run beside a peer or a bound, as ratios.

    python -m bench              the quick ones, on generated data; writes bench/results.json
    python -m bench --full       all of them at life size
    python -m bench.rest         one of them
    python -m bench.report       docs/performance.md and docs/performance.svg from bench/results.json

CPU seconds of the process that does the work are the figure that travels between machines; wall time is only noted.
"""
