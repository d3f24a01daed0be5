"""What must hold of every signal of every catalogue, present and future.

Each is shown events that it reads, so that none passes because it reads nothing;
`test_featurise.py` holds the same of whole catalogues on random logs.
"""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest

from features.catalogue import Catalogue, Signal, read_catalogue
from features.event import Event, events_frame
from features.featurise import featurise, moments_frame
from tests.factories import NOW
from tests.features.reference import Value
from tests.features.witness import delayed, witness

ROOT = Path(__file__).parents[2]
PATHS = [
    *sorted((ROOT / "features").glob("*.toml")),
    ROOT / "tests/features/every_aggregate.toml",
]
EVERY_SIGNAL = [
    pytest.param(catalogue, signal, id=f"{catalogue.name}-{signal.name}")
    for catalogue in map(read_catalogue, PATHS)
    for signal in catalogue.signals
]
LAST = NOW - timedelta(hours=2)  # when the witnesses are over
JUST_AFTER = NOW + timedelta(microseconds=1)


@pytest.mark.parametrize(("catalogue", "signal"), EVERY_SIGNAL)
class TestEverySignal:
    @pytest.mark.parametrize("only_receipt", [True, False], ids=["known", "occurred"])
    def test_reads_what_it_says_and_nothing_after_the_moment(
        self, catalogue: Catalogue, signal: Signal, *, only_receipt: bool
    ) -> None:
        shown = witness(signal, catalogue, LAST)
        later = delayed(shown, JUST_AFTER, only_receipt=only_receipt)

        nothing, read, to_come, both = values(
            signal, catalogue, [], shown, later, [*shown, *renamed(later)]
        )

        assert read != nothing
        assert to_come == nothing
        assert both == read

    def test_the_order_of_equal_times_does_not_matter(
        self, catalogue: Catalogue, signal: Signal
    ) -> None:
        shown = witness(signal, catalogue, LAST)
        together = [
            replace(one, occurred_at=LAST, received_at=LAST)
            for one in [*shown, *renamed(shown)]
        ]

        told = values(signal, catalogue, *map(list, permutations(together)))

        assert len(set(told)) == 1

    def test_an_event_sent_again_changes_nothing(
        self, catalogue: Catalogue, signal: Signal
    ) -> None:
        shown = witness(signal, catalogue, LAST)
        again = [
            replace(
                one,
                occurred_at=one.occurred_at - timedelta(hours=7),
                received_at=one.received_at + timedelta(hours=1),
                data=dict.fromkeys(one.data, 99),
            )
            for one in shown
        ]

        once, twice = values(signal, catalogue, shown, [*again, *shown])

        assert twice == once

    def test_a_lead_among_others_gets_what_it_gets_alone(
        self, catalogue: Catalogue, signal: Signal
    ) -> None:
        lives = [
            witness(signal, catalogue, LAST - timedelta(hours=hours))
            for hours in (0, 50, 900)
        ]

        together = values(
            signal, catalogue, [], *lives, [*lives[0], *renamed(lives[1])]
        )

        assert together[1:4] == [values(signal, catalogue, one)[0] for one in lives]


def renamed(events: list[Event]) -> list[Event]:
    """The same events under other identifiers: they count once more."""
    return [replace(one, event_id=f"again-{one.event_id}") for one in events]


def values(signal: Signal, catalogue: Catalogue, *lives: list[Event]) -> list[Value]:
    """The signal, now, of a lead with each of these lives; None where unknown."""
    events = [
        replace(one, lead_id=f"L-{lead}", event_id=f"{lead}-{one.event_id}")
        for lead, life in enumerate(lives)
        for one in life
    ]
    moments = moments_frame((f"L-{lead}", NOW) for lead in range(len(lives)))
    told = featurise(events_frame(events), moments, catalogue)
    column: list[Value] = told.fill_nan(None)[signal.name].to_list()
    return column
