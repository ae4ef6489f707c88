"""One run of Meltano, from its arguments to its result.

`command` makes Meltano's command line, `supervise` runs it and feeds each line of output through
`secrets`/`redact`, `events` (what the line says) and `tracker` (what is known so far; `pipeline` of
each pair of tap and target); `stop` ends it early without losing state; `classify` names the reason
of a failure.
"""
