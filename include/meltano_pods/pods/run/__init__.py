"""Runs one pod from its creation to its end, with or without Airflow."""
