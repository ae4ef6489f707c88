"""YAML text as nodes that know their place: parsed within bounds, looked at when read."""
