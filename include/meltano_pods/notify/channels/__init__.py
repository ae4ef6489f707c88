"""The channels of notifications: each module sends one by the notifier of an Airflow provider."""
