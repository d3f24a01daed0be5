"""Reader of XES logs (IEEE 1849), the standard of process mining: traces of events.

A row is an event. Its attributes are columns by their keys (`concept:name`,
`time:timestamp`); those of its trace stand beside them as `case:` and the key, as
process-mining tools write them in a table.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from xml.parsers import expat

from data.importing.errors import ImportFailedError
from tests.data.old_importing.sheet import Record, Sheet, sheet_of
from tests.data.old_importing.source import pieces

TRACE_PREFIX = "case:"
_DEEPEST = 4  # log, trace, event, value: what is further inside is not read
_VALUES = frozenset({"string", "date", "int", "float", "boolean", "id"})


def read_xes(path: Path) -> Sheet:
    """Read an XES log, plain or gzipped, a trace at a time.

    Attributes of attributes, lists and containers are not read. A document type is
    refused: XES has none, and without one no entity can be declared, so that none
    can grow (billion laughs) or fetch another file. Raises ImportFailedError if the
    file can't be read, is no XES or broken XML (at which line), or holds no event.
    """
    return sheet_of(path, _records(path))


def _records(path: Path) -> Iterator[Record]:
    reading = _Reading(path)
    try:
        for piece in chain(pieces(path), [b""]):
            reading.parser.Parse(piece, not piece)
            yield from reading.records
            reading.records.clear()
    except (expat.ExpatError, LookupError, ValueError) as error:
        line = reading.parser.ErrorLineNumber
        raise ImportFailedError(
            f"{path}, line {line}: broken XML ({error}): export it again"
        ) from error


@dataclass(slots=True)
class _Element:
    """A trace or an event while it is read; `fault` says why it can't be imported."""

    line: int
    cells: dict[str, str] = field(default_factory=dict)
    fault: str | None = None

    def put(self, prefix: str, attributes: dict[str, str]) -> None:
        name = attributes.get("key")
        if not name:
            self.fault = f"an attribute of {attributes} has no key"
        elif prefix + name in self.cells:
            self.fault = f"the attribute {name!r} stands twice"
        else:
            self.cells[prefix + name] = attributes.get("value", "")


class _Reading:
    def __init__(self, path: Path) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.records: list[Record] = []
        self._path = path
        self._within: list[str] = []
        self._trace = _Element(line=0)
        self._event = _Element(line=0)
        self._events: list[_Element] = []  # of the trace

    def _refuse_doctype(self, *_: object) -> None:
        raise ImportFailedError(
            f"{self._path}, line {self.parser.CurrentLineNumber}: a document type is "
            "declared, which XES has not and which can hide other files: remove it"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if len(self._within) < _DEEPEST:
            self._enter([*self._within, name], attributes)
        self._within.append(name)

    def _enter(self, path: list[str], attributes: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        match path:
            case [root] if root != "log":
                raise ImportFailedError(
                    f"{self._path}, line {line}: no XES log, its root is <{root}>"
                )
            case ["log", "trace"]:
                self._trace = _Element(line)
            case ["log", "event"] | ["log", "trace", "event"]:
                self._event = _Element(line)
            case ["log", "trace", value] if value in _VALUES:
                self._trace.put(TRACE_PREFIX, attributes)
            case [*_, "event", value] if value in _VALUES:
                self._event.put("", attributes)

    def _end(self, _tag: str) -> None:
        match self._within:
            case ["log", "event"]:
                self._add(self._event, _Element(line=0))
            case ["log", "trace", "event"]:
                self._events.append(self._event)
            case ["log", "trace"]:
                for event in self._events:
                    self._add(event, self._trace)
                self._events = []
        self._within.pop()

    def _add(self, event: _Element, trace: _Element) -> None:
        cells = trace.cells | event.cells
        fault = event.fault or (trace.fault and f"of its trace: {trace.fault}")
        self.records.append(Record(event.line, cells, fault=fault))
