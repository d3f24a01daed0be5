"""The kernels: what a program makes of a lead's events, changed or not, at a moment.

One scan of a lead's known events per column. Kept in one module, as `compiled` asks.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.program import NONE, WHOLE, Integers, Numbers, Op, ProgramArrays

DAY = 86_400e6  # microseconds
HOUR = 3_600e6


class EventArrays(NamedTuple):
    """Events, those of a lead together, by time, source and identifier.

    `occurred` and `received` in microseconds since 1970; `reads` (n_events,
    n_selectors): does the selector mean the event, windows and `after` apart; `values`
    (n_events, n_values): numbers, or positions among the `n_labels` of the column, NaN
    where unknown. Events that may be put in come last.
    """

    occurred: Integers
    received: Integers
    reads: NDArray[np.bool_]
    values: Numbers
    n_labels: Integers


class RowArrays(NamedTuple):
    """A lead's events from `start` to `end` (exclusive), seen from `moment`.

    What was not known at `known_at`, in microseconds since 1970 as `moment`, is left
    out; mostly the two are one.
    """

    start: Integers
    end: Integers
    known_at: Integers
    moment: Integers


class VariantArrays(NamedTuple):
    """Rows as they would be without some evidence, or with another event.

    Of variant i, the pieces from `pieces_of[i]` to `pieces_of[i + 1]` are taken away:
    of the event `taken`, in order, the bits `taken_bits`. `inserted` is the event put
    in, or NONE; `inserted_at` its time; `place` the event it precedes.
    """

    row: Integers
    pieces_of: Integers
    taken: Integers
    taken_bits: Integers
    inserted: Integers
    inserted_at: Integers
    place: Integers


class _Known(NamedTuple):
    """Scratch: the events known at a moment.

    Of each (at most `longest`): its position, its time in microseconds, its age in
    days and the bits of what it lost. `taken` (n_selectors, longest): is it selected,
    windows apart? `read` (n_values, longest): its values, NaN where unknown.
    """

    event: Integers
    at: Integers
    age: Numbers
    lost: Integers
    taken: NDArray[np.bool_]
    read: Numbers


@compiled
def aggregate(  # noqa: C901, PLR0912, PLR0915  # one branch an aggregate
    program: ProgramArrays,
    events: EventArrays,
    rows: RowArrays,
    variants: VariantArrays,
    n_columns: int,
) -> Numbers:
    """The first columns of the program, (n_variants, n_columns); NaN is unknown.

    Categories are positions among the labels of their column; FIRST_AT and LAST_AT are
    microseconds since 1970.
    """
    table = np.empty((len(variants.row), n_columns))
    known = _scratch(events, rows)
    most_labels = 1
    for n_labels in events.n_labels:
        most_labels = max(most_labels, n_labels)
    seen = np.full(most_labels, NONE)
    spans = np.empty(len(known.event))
    for i in range(len(variants.row)):
        n = _gather(program, events, rows, variants, i, known)
        for column in range(n_columns):
            op, first = program.op[column], program.first[column]
            second, value = program.second[column], program.value[column]
            window = program.window[column]
            taken = known.taken[first, :n]
            other = known.taken[max(second, 0), :n]
            read = known.read[max(value, 0), :n]
            if op == Op.COUNT:
                found = _count(taken, known.age, window)
            elif op == Op.DISTINCT:
                stamp = i * n_columns + column
                found = _distinct(taken, known.age, window, read, seen, stamp)
            elif op in (Op.SUM, Op.MEAN):
                found = _total(taken, known.age, window, read, op == Op.MEAN)
            elif op == Op.SHARE:
                found = _share(taken, other, known.age, window)
            elif op == Op.TREND:
                recent = _count(taken, known.age, window)
                found = 2 * recent - _count(taken, known.age, 2 * window)
            elif op == Op.LAST:
                found = _last(taken, known.age, window, read)
            elif op == Op.DAYS_SINCE_LAST:
                found = _last(taken, known.age, window, known.age)
            elif op == Op.DAYS_SINCE_FIRST:
                found = _first(taken, known.age, window, known.age)
            elif op == Op.LAST_AT:
                found = _last(taken, known.age, window, known.at.astype(np.float64))
            elif op == Op.FIRST_AT:
                found = _first(taken, known.age, window, known.at.astype(np.float64))
            else:
                found = _latency(taken, other, known.at, known.age, op, spans)
            table[i, column] = found
    return table


@compiled
def evidence(
    program: ProgramArrays, events: EventArrays, rows: RowArrays
) -> tuple[Integers, Integers, Integers]:
    """What each idea of each row rests on.

    Returns
    -------
    pieces_of : (n_rows * n_ideas + 1,)
        Pieces of row r and idea i begin at r * n_ideas + i.
    event : (n_pieces,)
        In order; an event once per field.
    field : (n_pieces,)
        NONE for the whole event.
    """
    n_ideas = len(program.readers_of) - 1
    pieces_of = np.zeros(len(rows.moment) * n_ideas + 1, dtype=np.int64)
    piece_event = np.empty(1024, dtype=np.int64)
    piece_field = np.empty(1024, dtype=np.int64)
    known = _scratch(events, rows)
    fields = np.empty(len(known.event), dtype=np.int64)
    bare = as_they_are(rows)
    found = 0
    for row in range(len(rows.moment)):
        n = _gather(program, events, rows, bare, row, known)
        for idea in range(n_ideas):
            _read_by(program, known, n, idea, fields)
            for k in range(n):
                while fields[k]:
                    if found == len(piece_event):
                        piece_event = np.concatenate((piece_event, piece_event))
                        piece_field = np.concatenate((piece_field, piece_field))
                    bit = fields[k] & -fields[k]
                    fields[k] ^= bit
                    piece_event[found] = known.event[k]
                    piece_field[found] = NONE if bit == WHOLE else _position(bit)
                    found += 1
            pieces_of[row * n_ideas + idea + 1] = found
    return pieces_of, piece_event[:found].copy(), piece_field[:found].copy()


@compiled
def _scratch(events: EventArrays, rows: RowArrays) -> _Known:
    longest = 1
    for row in range(len(rows.start)):
        longest = max(longest, rows.end[row] - rows.start[row] + 1)
    return _Known(
        np.empty(longest, dtype=np.int64),
        np.empty(longest, dtype=np.int64),
        np.empty(longest),
        np.empty(longest, dtype=np.int64),
        np.empty((events.reads.shape[1], longest), dtype=np.bool_),
        np.empty((max(1, events.values.shape[1]), longest)),
    )


@compiled
def as_they_are(rows: RowArrays) -> VariantArrays:
    """Each row, unchanged."""
    n = len(rows.moment)
    none = np.full(n, NONE)
    nothing = np.empty(0, dtype=np.int64)
    return VariantArrays(
        np.arange(n),
        np.zeros(n + 1, dtype=np.int64),
        nothing,
        nothing,
        none,
        none,
        none,
    )


@compiled
def _gather(
    program: ProgramArrays,
    events: EventArrays,
    rows: RowArrays,
    variants: VariantArrays,
    i: int,
    known: _Known,
) -> int:
    """Fill the scratch with what was known; returns how many events that is."""
    n = _gather_events(events, rows, variants, i, known)
    for selector in range(len(program.after)):
        bits = program.fields[selector]
        for k in range(n):
            known.taken[selector, k] = (
                events.reads[known.event[k], selector] and not known.lost[k] & bits
            )
    for selector in range(len(program.after)):
        if program.after[selector] != NONE:
            _keep_what_followed(
                known.taken[selector, :n],
                known.taken[program.after[selector], :n],
                known.age,
            )
    for value in range(len(program.value_field)):
        bits = program.value_field[value]
        for k in range(n):
            known.read[value, k] = (
                np.nan if known.lost[k] & bits else events.values[known.event[k], value]
            )
    return n


@compiled
def _gather_events(
    events: EventArrays, rows: RowArrays, variants: VariantArrays, i: int, known: _Known
) -> int:
    row = variants.row[i]
    moment = rows.moment[row]
    piece, pieces_end = variants.pieces_of[i], variants.pieces_of[i + 1]
    waiting = (
        variants.inserted[i] != NONE and variants.inserted_at[i] <= rows.known_at[row]
    )
    n = 0
    for event in range(rows.start[row], rows.end[row] + 1):
        if waiting and (event == rows.end[row] or event == variants.place[i]):
            at = variants.inserted_at[i]
            n = _add(known, n, variants.inserted[i], at, moment, 0)
            waiting = False
        if event == rows.end[row]:
            break
        if max(events.occurred[event], events.received[event]) > rows.known_at[row]:
            continue
        lost = 0
        while piece < pieces_end and variants.taken[piece] <= event:
            if variants.taken[piece] == event:
                lost |= variants.taken_bits[piece]
            piece += 1
        if not lost & WHOLE:
            n = _add(known, n, event, events.occurred[event], moment, lost)
    return n


@compiled
def _add(known: _Known, n: int, event: int, at: int, moment: int, lost: int) -> int:
    known.event[n] = event
    known.at[n] = at
    known.age[n] = (moment - at) / DAY
    known.lost[n] = lost
    return n + 1


@compiled
def _keep_what_followed(
    taken: NDArray[np.bool_], marks: NDArray[np.bool_], age: Numbers
) -> None:
    """Only what is younger than the last mark; without one, nothing."""
    last = -np.inf
    for k in range(len(marks)):
        if marks[k]:
            last = age[k]
    for k in range(len(taken)):
        taken[k] = taken[k] and age[k] < last


@compiled
def _count(taken: NDArray[np.bool_], age: Numbers, window: float) -> float:
    count = 0.0
    for k in range(len(taken)):
        count += taken[k] and age[k] < window
    return count


@compiled
def _distinct(
    taken: NDArray[np.bool_],
    age: Numbers,
    window: float,
    read: Numbers,
    seen: Integers,
    stamp: int,
) -> float:
    count = 0.0
    for k in range(len(taken)):
        if taken[k] and age[k] < window and not np.isnan(read[k]):
            label = int(read[k])
            count += seen[label] != stamp
            seen[label] = stamp
    return count


@compiled
def _total(
    taken: NDArray[np.bool_], age: Numbers, window: float, read: Numbers, mean: bool
) -> float:
    count, total = 0, 0.0
    for k in range(len(taken)):
        if taken[k] and age[k] < window and not np.isnan(read[k]):
            count += 1
            total += read[k]
    if not mean:
        return total
    return total / count if count else np.nan


@compiled
def _share(
    among: NDArray[np.bool_], of: NDArray[np.bool_], age: Numbers, window: float
) -> float:
    count, total = 0, 0
    for k in range(len(among)):
        if among[k] and age[k] < window:
            count += 1
            total += of[k]
    return total / count if count else np.nan


@compiled
def _last(
    taken: NDArray[np.bool_], age: Numbers, window: float, read: Numbers
) -> float:
    for k in range(len(taken) - 1, -1, -1):
        if taken[k] and age[k] < window and not np.isnan(read[k]):
            return float(read[k])
    return np.nan


@compiled
def _first(
    taken: NDArray[np.bool_], age: Numbers, window: float, read: Numbers
) -> float:
    for k in range(len(taken)):
        if taken[k] and age[k] < window and not np.isnan(read[k]):
            return float(read[k])
    return np.nan


@compiled
def _latency(
    asks: NDArray[np.bool_],
    answers: NDArray[np.bool_],
    at: Integers,
    age: Numbers,
    op: int,
    spans: Numbers,
) -> float:
    """Hours from a question to its answer, or since the question that waits."""
    count, asked = 0, 0
    waiting = False
    for k in range(len(asks)):
        if answers[k]:
            if waiting:
                spans[count] = (at[k] - at[asked]) / HOUR
                count += 1
            waiting = False
        if asks[k]:
            asked, waiting = k, True
    if op == Op.LATENCY_PENDING:
        return age[asked] * 24 if waiting else np.nan
    if count == 0:
        return np.nan
    if op == Op.LATENCY_LAST:
        return float(spans[count - 1])
    return float(np.median(spans[:count]))


@compiled
def _read_by(
    program: ProgramArrays, known: _Known, n: int, idea: int, fields: Integers
) -> None:
    """Bits of what the idea reads of each event: WHOLE, or some of its fields."""
    fields[:n] = 0
    for reader in range(program.readers_of[idea], program.readers_of[idea + 1]):
        taken = known.taken[program.reader_selector[reader]]
        value, field = program.reader_value[reader], program.reader_field[reader]
        window = program.reader_window[reader]
        bit = WHOLE if field == NONE else 1 << field
        for k in range(n):
            if not taken[k] or known.age[k] >= window:
                continue
            if value != NONE and np.isnan(known.read[value, k]):
                continue
            # Who only counts that someone acted leaves the fields to the others.
            if program.reader_any_kind[reader] and known.taken[program.attributes, k]:
                continue
            fields[k] |= bit


@compiled
def _position(bit: int) -> int:
    position = 0
    while bit > 1:
        bit >>= 1
        position += 1
    return position
