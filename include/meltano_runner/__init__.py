"""Runs one Meltano task, stops it without losing state, and reports what happened."""
