"""Runs one Meltano task, stops it without losing state, and says what happened."""
