"""Airflow's section `[meltano_pods]`: the settings of a deployment, below those of its projects."""
