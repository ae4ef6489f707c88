"""`meltano-pods doctor`.

`facts` asks the cluster, `cluster` judges what it says (plain data in, findings out), `airflow`
judges Airflow's settings and this machine, `pools` its pools, `images` what pods would pull,
`command` puts all together.
"""

from meltano_pods.cli.doctor.command import command

__all__ = ["command"]
