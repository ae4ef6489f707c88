"""What Airflow sees: the operator, its trigger and links, and the reaper's task."""
