"""Kernels that aggregate a lead's events at a moment, as they are or changed.

One scan of a lead's known events per column. Kept in one module, as `compiled` asks,
lower by two lines than before their program's module was renamed: an older cache, which
`compiled` tells of, is then left alone.
"""

from typing import NamedTuple

import numpy as np

from features.arrays import BoolArray, FloatArray, IntArray
from features.compiled import compiled
from features.compiled_catalogue import NONE, WHOLE, Op, ProgramArrays

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

    occurred: IntArray
    received: IntArray
    reads: BoolArray
    values: FloatArray
    n_labels: IntArray
    order: IntArray
    first_insertion: int


class RowArrays(NamedTuple):
    """A lead's events from `start` to `end` (exclusive), seen from `moment`.

    What was not known at `known_at`, in microseconds since 1970 as `moment`, is left
    out; mostly the two are one.
    """

    start: IntArray
    end: IntArray
    known_at: IntArray
    moment: IntArray


class Variants(NamedTuple):
    """Rows as they would be without some evidence, or with another event.

    Of variant i, the pieces from `start[i]` to `end[i]` (exclusive) are taken away: of
    the `event`, in order, the `field` (its position among the program's), NONE for the
    whole event. `insertion` is the program's that is put in, or NONE; `at` its time, in
    microseconds since 1970.
    """

    row: IntArray
    start: IntArray
    end: IntArray
    event: IntArray
    field: IntArray
    insertion: IntArray
    at: IntArray


class _Known(NamedTuple):
    """Scratch: the events known at a moment.

    Of each (at most `longest`): its position, its time in microseconds, its age in
    days and the bits of what it lost. `taken` (n_selectors, longest): is it selected,
    windows apart? None is before `begins` (n_selectors,). `read` (n_values, longest):
    its values, NaN where unknown. Of these only the `needed` selectors and values are
    filled. `met` (n_labels,) and `spans` (longest,) are for one column at a time.
    """

    event: IntArray
    at: IntArray
    age: FloatArray
    lost: IntArray
    taken: BoolArray
    begins: IntArray
    read: FloatArray
    needed_selectors: BoolArray
    needed_values: BoolArray
    met: IntArray
    spans: FloatArray


@compiled
def aggregate(
    program: ProgramArrays, events: EventArrays, rows: RowArrays, n_columns: int
) -> FloatArray:
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
    was: FloatArray,
    n_columns: int,
) -> FloatArray:
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
) -> tuple[IntArray, IntArray, IntArray]:
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
            most = n * (program.readers_of[idea + 1] - program.readers_of[idea])
            piece_event = _with_room(piece_event, found + most)
            piece_field = _with_room(piece_field, found + most)
            found = _put(known, n, fields, found, piece_event, piece_field)
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
        np.empty(n_selectors, dtype=np.int64),
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
    touched: BoolArray,
) -> None:
    """Which selectors may mean other events than before: those that read a change."""
    inserted = events.first_insertion + variants.insertion[i]
    for selector in range(len(touched)):
        touched[selector] = False
        for piece in range(variants.start[i], variants.end[i]):
            touched[selector] |= events.reads[variants.event[piece], selector]
        if variants.insertion[i] != NONE:
            touched[selector] |= events.reads[inserted, selector]
    for selector in range(len(touched)):
        after = program.after[selector]
        if after != NONE and touched[after]:
            touched[selector] = True


@compiled
def _need(
    program: ProgramArrays,
    touched: BoolArray,
    changed: BoolArray,
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
    for selector in range(len(program.after)):
        if known.needed_selectors[selector]:
            bits = program.fields[selector]
            known.begins[selector] = _select(events, known, n, selector, bits)
    for selector in range(len(program.after)):
        if known.needed_selectors[selector] and program.after[selector] != NONE:
            _keep_what_followed(known, n, selector, program.after[selector])
    for value in range(len(program.value_field)):
        if not known.needed_values[value]:
            continue
        bits = program.value_field[value]
        for k in range(n):
            known.read[value, k] = (
                np.nan if known.lost[k] & bits else events.values[known.event[k], value]
            )
    return n


@compiled
def _select(
    events: EventArrays, known: _Known, n: int, selector: int, bits: int
) -> int:
    """Fill the selector's row of `taken`; returns where the first is, n if none is."""
    begins = n
    for k in range(n - 1, -1, -1):
        taken = events.reads[known.event[k], selector] and not known.lost[k] & bits
        known.taken[selector, k] = taken
        if taken:
            begins = k
    return begins


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
    op, window, value = (
        program.op[column],
        program.window[column],
        program.value[column],
    )
    first, second = program.first[column], program.second[column]
    start = _start(known, n, first, window)
    if op == Op.COUNT:
        return _count(known, start, n, first)
    if op == Op.DISTINCT:
        return _distinct(known, start, n, (first, value), stamp)
    if op in (Op.SUM, Op.MEAN):
        return _total(known, start, n, (first, value), op == Op.MEAN)
    if op == Op.SHARE:
        return _share(known, start, n, first, second)
    if op == Op.TREND:
        both = _count(known, _start(known, n, first, 2 * window), n, first)
        return 2 * _count(known, start, n, first) - both
    if op in (Op.LATENCY_MEDIAN, Op.LATENCY_LAST, Op.LATENCY_PENDING):
        return _latency(known, start, n, (first, second), op)
    if op in (Op.DAYS_SINCE_FIRST, Op.FIRST_AT):
        place = start if start < n else NONE
    else:
        place = _last(known, start, n, first, value if op == Op.LAST else NONE)
    if place == NONE:
        return np.nan
    if op == Op.LAST:
        return float(known.read[value, place])
    if op in (Op.FIRST_AT, Op.LAST_AT):
        return float(known.at[place])
    return float(known.age[place])


@compiled
def _start(known: _Known, n: int, selector: int, window: float) -> int:
    """The first place in the window that is selected; n where none is."""
    start = known.begins[selector]
    while start < n and (
        known.age[start] >= window or not known.taken[selector, start]
    ):
        start += 1
    return int(start)


@compiled
def _keep_what_followed(known: _Known, n: int, selector: int, marks: int) -> None:
    """Only what is younger than the last mark; without one, nothing."""
    last = _last(known, known.begins[marks], n, marks, NONE)
    for k in range(known.begins[selector], n):
        if last == NONE or known.age[k] >= known.age[last]:
            known.taken[selector, k] = False


@compiled
def _count(known: _Known, start: int, n: int, selector: int) -> float:
    count = 0.0
    for k in range(start, n):
        count += known.taken[selector, k]
    return count


@compiled
def _distinct(
    known: _Known, start: int, n: int, reads: tuple[int, int], stamp: int
) -> float:
    selector, value = reads
    count = 0.0
    for k in range(start, n):
        if known.taken[selector, k] and not np.isnan(known.read[value, k]):
            label = int(known.read[value, k])
            count += known.met[label] != stamp
            known.met[label] = stamp
    return count


@compiled
def _total(
    known: _Known, start: int, n: int, reads: tuple[int, int], mean: bool
) -> float:
    selector, value = reads
    count, total = 0, 0.0
    for k in range(start, n):
        if known.taken[selector, k] and not np.isnan(known.read[value, k]):
            count += 1
            total += known.read[value, k]
    if not mean:
        return total
    return total / count if count else np.nan


@compiled
def _share(known: _Known, start: int, n: int, among: int, of: int) -> float:
    count, total = 0, 0
    for k in range(start, n):
        if known.taken[among, k]:
            count += 1
            total += known.taken[of, k]
    return total / count if count else np.nan


@compiled
def _last(known: _Known, start: int, n: int, selector: int, value: int) -> int:
    """The last place that is selected, and whose value is known if one is read."""
    for k in range(n - 1, start - 1, -1):
        if known.taken[selector, k] and (
            value == NONE or not np.isnan(known.read[value, k])
        ):
            return k
    return NONE


@compiled
def _latency(
    known: _Known, start: int, n: int, ask_and_answer: tuple[int, int], op: int
) -> float:
    """Hours from a question to its answer, or since the question that waits."""
    ask, answer = ask_and_answer
    count, asked = 0, NONE
    for k in range(start, n):
        if known.taken[answer, k]:
            if asked != NONE:
                known.spans[count] = (known.at[k] - known.at[asked]) / HOUR
                count += 1
            asked = NONE
        if known.taken[ask, k]:
            asked = k
    if op == Op.LATENCY_PENDING:
        return known.age[asked] * 24 if asked != NONE else np.nan
    if count == 0:
        return np.nan
    if op == Op.LATENCY_LAST:
        return float(known.spans[count - 1])
    return float(np.median(known.spans[:count]))


@compiled
def _read_by(
    program: ProgramArrays, known: _Known, n: int, idea: int, fields: IntArray
) -> None:
    """Bits of what the idea reads of each event: WHOLE, or some of its fields."""
    fields[:n] = 0
    for reader in range(program.readers_of[idea], program.readers_of[idea + 1]):
        selector, field = program.reader_selector[reader], program.reader_field[reader]
        bit = WHOLE if field == NONE else 1 << field
        value, window = program.reader_value[reader], program.reader_window[reader]
        for k in range(_start(known, n, selector, window), n):
            if not known.taken[selector, k]:
                continue
            if value != NONE and np.isnan(known.read[value, k]):
                continue
            # Who only counts that someone acted leaves the fields to the others.
            if program.reader_any_kind[reader] and known.taken[program.attributes, k]:
                continue
            fields[k] |= bit


@compiled
def _with_room(pieces: IntArray, wanted: int) -> IntArray:
    while len(pieces) < wanted:
        pieces = np.concatenate((pieces, pieces))
    return pieces


@compiled
def _put(  # apart from the growing: what grows is slow to write to
    known: _Known,
    n: int,
    fields: IntArray,
    found: int,
    piece_event: IntArray,
    piece_field: IntArray,
) -> int:
    """Put the pieces of an idea after those found; returns how many there are."""
    for k in range(n):
        while fields[k]:
            bit = fields[k] & -fields[k]
            fields[k] ^= bit
            piece_event[found] = known.event[k]
            piece_field[found] = NONE if bit == WHOLE else _position(bit)
            found += 1
    return found


@compiled
def _position(bit: int) -> int:
    position = 0
    while bit > 1:
        bit >>= 1
        position += 1
    return position
