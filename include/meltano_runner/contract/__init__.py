"""The contract between Airflow and a run: the result, its categories and the environment variables.

The only part of the runner that the Airflow side imports. It needs only the standard library, so
that neither side needs the dependencies of the other. Import its modules: planning needs few of
them, and importing is a part of each parse.
"""
