"""A pod's life from its creation to its end, as steps without I/O.

A step is a generator: it yields an action (`actions`), is sent what came of it, and returns its
result. Nothing here talks to a cluster, sleeps or reads a clock; the drivers in `pods.cluster` do,
one for workers and the command line, one for the triggerer. So each decision is written once, and
tested with plain values.
"""
