"""The settings: their names, their valid values, and the errors for others."""

from __future__ import annotations

import codecs
import difflib
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NoReturn, Self

from singer_sdk import typing as th

from tap_csv import kinds
from tap_csv.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_STREAM_PROPERTIES = (
    th.Property(
        "path",
        th.StringType,
        description="A CSV file, or a pattern such as data/orders-*.csv. Files that match are one "
        "stream, in the order of their names. Relative to the Meltano project, or without one to "
        "the working directory.",
    ),
    th.Property(
        "stream",
        th.StringType,
        description="Name of the stream. Unset: the file's name without its ending.",
    ),
    th.Property(
        "replication_key",
        th.StringType,
        description="The column that says how new a row is. Unset: every run moves all rows.",
    ),
    th.Property(
        "primary_keys",
        th.ArrayType(th.StringType),
        description="The columns that tell rows apart; their cells must not be empty.",
    ),
    th.Property(
        "encoding",
        th.StringType,
        default="utf-8",
        description="Any encoding of Python, such as cp1252 or utf-16. A byte order mark at the "
        "start of UTF-8 is left out.",
    ),
    th.Property("delimiter", th.StringType, default=",", description="One character, or `tab`."),
    th.Property(
        "quotechar",
        th.StringType,
        default='"',
        description="One character. Empty: quotes have no meaning.",
    ),
    th.Property(
        "on_malformed",
        th.StringType,
        allowed_values=["fail", "skip"],
        default="fail",
        description="What to do with a malformed row: end the run, or skip the row and say so.",
    ),
    th.Property(
        "infer_rows",
        th.IntegerType,
        default=10_000,
        description="Rows to read to find the columns' types. 0: every column is a string.",
    ),
    th.Property(
        "types",
        th.ObjectType(additional_properties=th.StringType(allowed_values=kinds.type_names)),
        description="Types of columns by name, over the ones that are found: "
        + ", ".join(kinds.type_names)
        + ".",
    ),
)

config_jsonschema: dict[str, Any] = th.PropertiesList(
    *_STREAM_PROPERTIES,
    th.Property(
        "files",
        th.ArrayType(th.ObjectType(*(th.Property(p.name, p.wrapped) for p in _STREAM_PROPERTIES))),
        description="More than one stream: a list of the settings above. What an entry leaves out "
        "comes from above.",
    ),
).to_dict()

_NAMES = tuple(prop.name for prop in _STREAM_PROPERTIES)
_DEFAULTS = {prop.name: prop.default for prop in _STREAM_PROPERTIES if prop.default is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """The settings of one stream, checked.

    Attributes:
        path: A file or a pattern, as the user wrote it.
        stream: Name of the stream.
        replication_key: The column that says how new a row is; None moves all rows each time.
        primary_keys: The columns that tell rows apart.
        encoding: Name of a codec.
        delimiter: One character.
        quotechar: One character; None gives quotes no meaning.
        skip_malformed: Whether to leave malformed rows out instead of ending the run.
        infer_rows: Rows to read to find the types; 0 makes every column a string.
        types: Kinds by column name, over the ones that are found.
    """

    path: str
    stream: str
    replication_key: str | None
    primary_keys: tuple[str, ...]
    encoding: str
    delimiter: str
    quotechar: str | None
    skip_malformed: bool
    infer_rows: int
    types: Mapping[str, str]

    @classmethod
    def from_config(cls, config: Mapping[str, Any], *, where: str = "") -> Self:
        """Checks the settings of one stream.

        Args:
            config: The settings; a value of None is as good as none.
            where: What to put before a setting's name in messages, such as `files[1].`.

        Returns:
            The checked settings.
        """
        given = _Checker(_DEFAULTS | {k: v for k, v in config.items() if v is not None}, where)
        path = given.text("path")
        if not path:
            given.refuse("path", "a file or a pattern", "Set it, for example to data/orders.csv")
        stream = given.text("stream") or re.sub(r"[^\w-]+", "_", PurePath(path).stem).strip("_")
        if not stream:
            given.refuse("stream", "a name", f"Set it: none can be made of the path {path!r}")
        return cls(
            path=path,
            stream=stream,
            replication_key=given.text("replication_key") or None,
            primary_keys=given.names("primary_keys"),
            encoding=given.encoding(),
            delimiter=given.character("delimiter"),
            quotechar=given.character("quotechar", optional=True) or None,
            skip_malformed=given.choice("on_malformed", ("fail", "skip")) == "skip",
            infer_rows=given.count("infer_rows"),
            types=given.types(),
        )


def parse(config: Mapping[str, Any], known: frozenset[str]) -> list[StreamSettings]:
    """Checks all settings.

    Args:
        config: The settings of the tap.
        known: Names that are allowed beside the ones of a stream.

    Returns:
        The settings of each stream.

    Raises:
        SettingsError: A setting is not what it may be, or two streams have one name.
    """
    _refuse_unknown(config, known | {"files", *_NAMES}, where="")
    common = {name: config.get(name) for name in _NAMES}
    entries = config.get("files")
    if entries is None:
        return [StreamSettings.from_config(common)]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        _Checker(dict(config), "").refuse(
            "files", "a list of objects", 'Write it as [{"path": "data/orders.csv"}]'
        )
    streams: dict[str, StreamSettings] = {}
    for index, entry in enumerate(entries):
        where = f"files[{index}]."
        _refuse_unknown(entry, frozenset(_NAMES), where=where)
        settings = StreamSettings.from_config(common | entry, where=where)
        if settings.stream in streams:
            raise SettingsError(
                f"Setting {where}stream is {settings.stream!r}, which an entry before it has too",
                fix=f"Set {where}stream to a name of its own",
            )
        streams[settings.stream] = settings
    return list(streams.values())


def _refuse_unknown(config: Mapping[str, Any], known: frozenset[str], *, where: str) -> None:
    for name in config:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Use one of: {', '.join(_NAMES)}"
            raise SettingsError(f"Setting {where}{name} is not known", fix=hint)


class _Checker:
    """Reads values of the right type out of a mapping, or says what is wrong with them."""

    def __init__(self, config: Mapping[str, Any], where: str) -> None:
        self._config = config
        self._where = where

    def refuse(self, name: str, allowed: str, fix: str) -> NoReturn:
        value = self._config.get(name)
        state = "is not set" if value is None else f"is {value!r}"
        raise SettingsError(f"Setting {self._where}{name} {state}; it must be {allowed}", fix=fix)

    def text(self, name: str) -> str:
        value = self._config.get(name, "")
        if not isinstance(value, str):
            self.refuse(name, "a text", "Put it in quotes")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        value = self._config.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.refuse(name, "a list of column names", 'Write it as ["id"]')
        return tuple(value)

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name)
        if value not in allowed:
            self.refuse(name, " or ".join(allowed), f"Set it to {' or '.join(allowed)}")
        return value

    def count(self, name: str) -> int:
        value = self._config.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self.refuse(name, "a whole number, 0 or more", "Remove it to have 10000")
        return value

    def character(self, name: str, *, optional: bool = False) -> str:
        value = self.text(name)
        value = "\t" if value in {"tab", r"\t"} else value
        if value in {"\r", "\n", "\0"} or len(value) > 1 or not (value or optional):
            self.refuse(name, "one character", "Use a character such as , or ; or the word tab")
        return value

    def encoding(self) -> str:
        value = self.text("encoding")
        try:
            "".encode(value)  # Rejects codecs that are not text encodings, such as hex.
            name = codecs.lookup(value).name
        except LookupError:
            self.refuse("encoding", "an encoding Python knows", "Use utf-8, cp1252 or utf-16")
        return "utf-8-sig" if name == "utf-8" else name

    def types(self) -> dict[str, str]:
        value = self._config.get("types", {})
        allowed = f"an object of column names to one of {', '.join(kinds.type_names)}"
        if not isinstance(value, dict):
            self.refuse("types", allowed, 'Write it as {"zip": "string"}')
        for column, kind in value.items():
            if kind not in kinds.type_names:
                self.refuse("types", allowed, f"Change the type of {column!r}")
        return value
