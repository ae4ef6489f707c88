"""`meltano-pods doctor`.

`facts` reads the cluster into plain data, from which `cluster` derives findings. `airflow` checks
Airflow and its settings, `pools` its pools, `local` what runs on this machine need, `images` what
pods would pull. `command` combines them.
"""

from meltano_pods.cli.doctor.command import command

__all__ = ["command"]
