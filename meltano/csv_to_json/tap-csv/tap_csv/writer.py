"""Writes Singer messages to standard output, whole lines at a time."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message

from tap_csv.errors import OutputClosedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_csv.kinds import Value

# Enough to make system calls rare; little enough that a stop has little left to write.
_BLOCK_BYTES = 64 * 1024


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


_encode = msgspec.json.Encoder(enc_hook=_plain, decimal_format="number").encode


class LineWriter(GenericSingerWriter[bytes, Message]):
    """Writes messages at once, and records in blocks.

    The order of messages is the order of calls. No signal can tear a line: the tap's handler only
    takes note, and an interrupted write goes on.
    """

    def __init__(self) -> None:
        super().__init__()
        self._block: list[bytes] = []
        self._block_bytes = 0

    def serialize_message(self, message: Message) -> bytes:
        """Makes a line of a message.

        Args:
            message: Any Singer message.

        Returns:
            The line, with its end.
        """
        return _encode(message.to_dict()) + b"\n"

    def write_message(self, message: Message) -> None:
        """Writes a message, after the records that came before it.

        Args:
            message: Any Singer message.
        """
        self._block.append(self.serialize_message(message))
        self.flush()

    def write_record(self, prefix: bytes, record: Mapping[str, Value]) -> bool:
        """Adds a record to the block.

        Args:
            prefix: What `record_prefix` returned for the stream.
            record: The record.

        Returns:
            Whether this filled the block, so that it was written.
        """
        line = prefix + _encode(record) + b"}\n"
        self._block.append(line)
        self._block_bytes += len(line)
        if self._block_bytes < _BLOCK_BYTES:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Writes what is in the block.

        Raises:
            OutputClosedError: Nobody reads standard output any more.
        """
        left = memoryview(b"".join(self._block))
        self._block.clear()
        self._block_bytes = 0
        try:
            # With PYTHONUNBUFFERED, as in many images, the buffer is none: a write that a signal
            # interrupts ends early, and says so by its return value only.
            while left:
                left = left[sys.stdout.buffer.write(left) :]
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise OutputClosedError from None


def record_prefix(stream: str) -> bytes:
    """Makes the start of a RECORD line, up to the record itself.

    Args:
        stream: Name of the stream.

    Returns:
        The start, with the time of now as the time of extraction.
    """
    head: dict[str, Any] = {
        "type": "RECORD",
        "stream": stream,
        "time_extracted": datetime.now(UTC),
    }
    return _encode(head)[:-1] + b',"record":'
