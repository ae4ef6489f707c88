"""Talks to the cluster: the client, its requests, watches and logs."""
