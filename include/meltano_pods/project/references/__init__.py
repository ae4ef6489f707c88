"""Checks what entries refer to: plugins, commands, jobs, and the definitions of plugins."""
