"""Ports for what tests start."""

from __future__ import annotations

import socket


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port of this address that nobody listens on."""
    with socket.socket() as each:
        each.bind((host, 0))
        return int(each.getsockname()[1])
