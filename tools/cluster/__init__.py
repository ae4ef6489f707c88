"""A real kind cluster for this project: `python -m tools.cluster up | down | status`."""
