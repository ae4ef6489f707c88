"""A run's log on the terminal: on stderr, so that stdout holds results alone."""

from __future__ import annotations

import logging

import click

_COLOURS = {logging.WARNING: "yellow", logging.ERROR: "red", logging.CRITICAL: "red"}


class TerminalLog:
    """What `tasks.relay.Log` asks for."""

    def log(self, level: int, msg: str, /, *args: object) -> None:
        """Write one line; one that matters begins with its level."""
        text = msg % args if args else msg
        if level >= logging.WARNING:
            text = f"{click.style(logging.getLevelName(level), fg=_COLOURS.get(level))} {text}"
        click.echo(text, err=True)

    def info(self, msg: str, /, *args: object) -> None:
        """Write one line at INFO."""
        self.log(logging.INFO, msg, *args)

    def warning(self, msg: str, /, *args: object) -> None:
        """Write one line at WARNING."""
        self.log(logging.WARNING, msg, *args)
