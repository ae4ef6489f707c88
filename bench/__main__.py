"""`make bench`: every measurement that needs no cluster."""

from bench import startup

startup.main()
