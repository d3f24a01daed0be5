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
    where unknown. Those that may be put in come last, from `first_insertion`; at equal
    times one stands before the events of a greater `order`.
    """

    occurred: Integers
    received: Integers
    reads: NDArray[np.bool_]
    values: Numbers
    n_labels: Integers
    order: Integers
    first_insertion: int


class RowArrays(NamedTuple):
    """A lead's events from `start` to `end` (exclusive), seen from `moment`.

    What was not known at `known_at`, in microseconds since 1970 as `moment`, is left
    out; mostly the two are one.
    """

    start: Integers
    end: Integers
    known_at: Integers
    moment: Integers


class Variants(NamedTuple):
    """Rows as they would be without some evidence, or with another event.

    Of variant i, the pieces from `start[i]` to `end[i]` (exclusive) are taken away: of
    the `event`, in order, the `field` (its position among the program's), NONE for the
    whole event. `insertion` is the program's that is put in, or NONE; `at` its time, in
    microseconds since 1970.
    """

    row: Integers
    start: Integers
    end: Integers
    event: Integers
    field: Integers
    insertion: Integers
    at: Integers


class _Known(NamedTuple):
    """Scratch: the events known at a moment.

    Of each (at most `longest`): its position, its time in microseconds, its age in
    days and the bits of what it lost. `taken` (n_selectors, longest): is it selected,
    windows apart? `read` (n_values, longest): its values, NaN where unknown. Of these
    only the `needed` selectors and values are filled. `met` (n_labels,) and `spans`
    (longest,) are for one column at a time.
    """

    event: Integers
    at: Integers
    age: Numbers
    lost: Integers
    taken: NDArray[np.bool_]
    read: Numbers
    needed_selectors: NDArray[np.bool_]
    needed_values: NDArray[np.bool_]
    met: Integers
    spans: Numbers


@compiled
def aggregate(
    program: ProgramArrays, events: EventArrays, rows: RowArrays, n_columns: int
) -> Numbers:
    """The first columns of the program, (n_rows, n_columns); NaN is unknown.

    Categories are positions among the labels of their column; FIRST_AT and LAST_AT are
    microseconds since 1970.
    """
    table = np.empty((len(rows.moment), n_columns))
    known = _scratch(program, events, rows)
    bare = as_they_are(rows)
    for row in range(len(table)):
        n = _gather(program, events, rows, bare, row, known)
        for column in range(n_columns):
            stamp = row * n_columns + column
            table[row, column] = _aggregated(program, known, n, column, stamp)
    return table


@compiled
def aggregate_changed(
    program: ProgramArrays,
    events: EventArrays,
    rows: RowArrays,
    variants: Variants,
    was: Numbers,
    n_columns: int,
) -> Numbers:
    """The first columns of each variant, (n_variants, n_columns).

    A column that reads nothing of what went or came is as it was in its row: `was` is
    what `aggregate` gave.
    """
    table = np.empty((len(variants.row), n_columns))
    known = _scratch(program, events, rows)
    touched = np.empty(len(program.after), np.bool_)
    changed = np.empty(n_columns, np.bool_)
    for i in range(len(table)):
        _touch(program, events, variants, i, touched)
        _need(program, touched, changed, known)
        n = _gather(program, events, rows, variants, i, known)
        for column in range(n_columns):
            stamp = i * n_columns + column
            table[i, column] = (
                _aggregated(program, known, n, column, stamp)
                if changed[column]
                else was[variants.row[i], column]
            )
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
    known = _scratch(program, events, rows)
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
def _scratch(program: ProgramArrays, events: EventArrays, rows: RowArrays) -> _Known:
    longest, most_labels = 1, 1
    for row in range(len(rows.start)):
        longest = max(longest, rows.end[row] - rows.start[row] + 1)
    for n_labels in events.n_labels:
        most_labels = max(most_labels, n_labels)
    n_selectors, n_values = len(program.after), len(program.value_field)
    return _Known(
        np.empty(longest, dtype=np.int64),
        np.empty(longest, dtype=np.int64),
        np.empty(longest),
        np.empty(longest, dtype=np.int64),
        np.empty((n_selectors, longest), dtype=np.bool_),
        np.empty((max(1, n_values), longest)),
        np.ones(n_selectors, dtype=np.bool_),
        np.ones(n_values, dtype=np.bool_),
        np.full(most_labels, NONE),
        np.empty(longest),
    )


@compiled
def as_they_are(rows: RowArrays) -> Variants:
    """Each row, unchanged."""
    n = len(rows.moment)
    nothing, none = np.zeros(n, dtype=np.int64), np.full(n, NONE)
    return Variants(np.arange(n), nothing, nothing, nothing, nothing, none, nothing)


@compiled
def _touch(
    program: ProgramArrays,
    events: EventArrays,
    variants: Variants,
    i: int,
    touched: NDArray[np.bool_],
) -> None:
    """Which selectors may mean other events than before: those that read a change."""
    touched[:] = False
    for piece in range(variants.start[i], variants.end[i]):
        touched |= events.reads[variants.event[piece]]
    if variants.insertion[i] != NONE:
        touched |= events.reads[events.first_insertion + variants.insertion[i]]
    for selector in range(len(touched)):
        after = program.after[selector]
        if after != NONE and touched[after]:
            touched[selector] = True


@compiled
def _need(
    program: ProgramArrays,
    touched: NDArray[np.bool_],
    changed: NDArray[np.bool_],
    known: _Known,
) -> None:
    """Which columns change, and what has to be gathered for them."""
    selectors, values = known.needed_selectors, known.needed_values
    selectors[:] = False
    values[:] = False
    for column in range(len(changed)):
        first, second = program.first[column], program.second[column]
        changed[column] = touched[first] or (second != NONE and touched[second])
        if not changed[column]:
            continue
        selectors[first] = True
        if second != NONE:
            selectors[second] = True
        if program.value[column] != NONE:
            values[program.value[column]] = True
    for selector in range(len(touched)):
        if selectors[selector] and program.after[selector] != NONE:
            selectors[program.after[selector]] = True


@compiled
def _gather(
    program: ProgramArrays,
    events: EventArrays,
    rows: RowArrays,
    variants: Variants,
    i: int,
    known: _Known,
) -> int:
    """Fill the scratch with what was known; returns how many events that is."""
    n = _gather_events(events, rows, variants, i, known)
    for selector in np.flatnonzero(known.needed_selectors):
        bits = program.fields[selector]
        for k in range(n):
            known.taken[selector, k] = (
                events.reads[known.event[k], selector] and not known.lost[k] & bits
            )
    for selector in np.flatnonzero(known.needed_selectors):
        if program.after[selector] != NONE:
            _keep_what_followed(
                known.taken[selector, :n],
                known.taken[program.after[selector], :n],
                known.age,
            )
    for value in np.flatnonzero(known.needed_values):
        bits = program.value_field[value]
        for k in range(n):
            known.read[value, k] = (
                np.nan if known.lost[k] & bits else events.values[known.event[k], value]
            )
    return n


@compiled
def _gather_events(
    events: EventArrays, rows: RowArrays, variants: Variants, i: int, known: _Known
) -> int:
    row, at = variants.row[i], variants.at[i]
    moment, known_at, end = rows.moment[row], rows.known_at[row], rows.end[row]
    piece, pieces_end = variants.start[i], variants.end[i]
    inserted = events.first_insertion + variants.insertion[i]
    waiting = variants.insertion[i] != NONE and at <= known_at
    n = 0
    for event in range(rows.start[row], end):
        occurred = events.occurred[event]
        if waiting and (
            occurred > at
            or (occurred == at and events.order[event] > events.order[inserted])
        ):
            n = _add(known, n, inserted, at, moment, 0)
            waiting = False
        if max(occurred, events.received[event]) > known_at:
            continue
        lost = 0
        while piece < pieces_end and variants.event[piece] <= event:
            if variants.event[piece] == event:
                field = variants.field[piece]
                lost |= WHOLE if field == NONE else 1 << field
            piece += 1
        if not lost & WHOLE:
            n = _add(known, n, event, occurred, moment, lost)
    return _add(known, n, inserted, at, moment, 0) if waiting else n


@compiled
def _add(known: _Known, n: int, event: int, at: int, moment: int, lost: int) -> int:
    known.event[n] = event
    known.at[n] = at
    known.age[n] = (moment - at) / DAY
    known.lost[n] = lost
    return n + 1


@compiled
def _aggregated(  # noqa: C901, PLR0911  # one branch an aggregate
    program: ProgramArrays, known: _Known, n: int, column: int, stamp: int
) -> float:
    """One column of what was gathered; `stamp` is no other column's."""
    op, window, age = program.op[column], program.window[column], known.age
    taken = known.taken[program.first[column], :n]
    other = known.taken[max(program.second[column], 0), :n]
    read = known.read[max(program.value[column], 0), :n]
    if op == Op.COUNT:
        return _count(taken, age, window)
    if op == Op.DISTINCT:
        return _distinct(taken, age, window, read, known.met, stamp)
    if op in (Op.SUM, Op.MEAN):
        return _total(taken, age, window, read, op == Op.MEAN)
    if op == Op.SHARE:
        return _share(taken, other, age, window)
    if op == Op.TREND:
        recent = _count(taken, age, window)
        return 2 * recent - _count(taken, age, 2 * window)
    if op == Op.LAST:
        return _last(taken, age, window, read)
    if op == Op.DAYS_SINCE_LAST:
        return _last(taken, age, window, age)
    if op == Op.DAYS_SINCE_FIRST:
        return _first(taken, age, window, age)
    if op == Op.LAST_AT:
        return _last(taken, age, window, known.at.astype(np.float64))
    if op == Op.FIRST_AT:
        return _first(taken, age, window, known.at.astype(np.float64))
    return _latency(taken, other, known.at, age, op, known.spans)


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
