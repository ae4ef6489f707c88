"""Reads the sections of meltano.yml, each entry by itself."""
