"""Rules and exceptions on a log, as if they had been in force. It writes nothing.

Leads don't concern each other, so a log is replayed lead by lead, in time within each,
some whole leads at a time: memory doesn't grow with the log.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter, itemgetter

import polars as pl

from explanations.explain import Explainer
from explanations.score import Doubt
from explanations.scorer import probability
from features.encoding import encode
from features.event import Event, events_of
from features.featurise import featurise, moments_frame
from features.log import LogAbout, once_each
from governance.leads.automation_context import AutomationContext
from governance.leads.state import stage_told
from governance.rules.cascade import is_own_write
from governance.rules.condition import attribute_measure
from governance.rules.facts import Facts
from governance.rules.history import History
from governance.rules.measures import NO_SEGMENT, measure_catalogue
from governance.simulation.replay import LeadReplay, Observed, Replayed

TICK_HOUR = 5  # UTC, each day: before people come to work
EXPLAINED_ON = 0  # Monday: reasons are sought once a week, scores at every moment

_Observations = Mapping[tuple[str, datetime], Observed]


@dataclass(frozen=True, slots=True)
class Life:
    """A lead's events as they became known, and the moments at which it is looked at.

    `moments` has the events that set something off, none for a tick; in order.
    """

    lead_id: str
    known: Sequence[tuple[datetime, Event]]
    moments: Sequence[tuple[datetime, tuple[Event, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """From `since` to `until`; what was known before is known. Without `explainer`, no
    score is."""

    context: AutomationContext
    since: datetime
    until: datetime
    explainer: Explainer | None = None

    def replayed(
        self, events: pl.DataFrame, about: LogAbout
    ) -> Iterator[tuple[LeadReplay, list[Replayed]]]:
        """Each lead that was open within the period, as it then stands, and what came
        of each of its moments.

        Parameters
        ----------
        events : DataFrame of EVENT_SCHEMA
            All the events of some leads.
        """
        for life, lead, observed in self._begun(events, about):
            yield (
                lead,
                [
                    lead.step(moment)
                    for moment in self._seen(lead, life, observed)
                    if moment.events or not lead.has_ended
                ],
            )

    def standing(
        self, events: pl.DataFrame, about: LogAbout
    ) -> tuple[Facts, History, list[Replayed]] | None:
        """One lead at its last moment, before a tick sets anything off there, and what
        came before; None if it wasn't open within the period.

        Parameters
        ----------
        events : DataFrame of EVENT_SCHEMA
            All the events of the lead.
        """
        for life, lead, observed in self._begun(events, about):
            past = []
            for moment in self._seen(lead, life, observed):
                if moment.events or moment.at != life.moments[-1][0]:
                    past.append(lead.step(moment))
            # As a tick: what its events set off is past.
            facts = lead.facts_at(replace(moment, events=()))
            return facts, lead.state.history, past
        return None

    def _begun(
        self, events: pl.DataFrame, about: LogAbout
    ) -> Iterator[tuple[Life, LeadReplay, _Observations]]:
        known = once_each(events, "lead_id").filter(
            pl.max_horizontal("occurred_at", "received_at") <= self.until
        )
        lives = [life for life in self._lives(known, about) if life.moments]
        observed = self._observed(known, lives)
        for life in lives:
            yield life, LeadReplay(life.lead_id, self.context), observed

    # --- Which moments ------------------------------------------------------

    def _lives(self, events: pl.DataFrame, about: LogAbout) -> Iterator[Life]:
        ends = {*about.won_kinds, *about.lost_kinds}
        known_at = pl.max_horizontal("occurred_at", "received_at")
        by_time = events.sort("lead_id", known_at, "occurred_at", "source", "event_id")
        for lead_id, log in groupby(events_of(by_time), key=attrgetter("lead_id")):
            known = [(max(e.occurred_at, e.received_at), e) for e in log]
            yield self._life(lead_id, known, ends)

    def _life(
        self, lead_id: str, known: list[tuple[datetime, Event]], ends: set[str]
    ) -> Life:
        end = self._end(known, ends)
        events_at: dict[datetime, tuple[Event, ...]] = dict.fromkeys(
            _ticks(max(known[0][0], self.since), min(end, self.until)), ()
        )
        for at, event in known:
            # What a rule wrote then is found anew.
            is_news = self.since <= at <= end and not is_own_write(event)
            if is_news and self.context.rules.set_off_by(event):
                events_at[at] = (*events_at.get(at, ()), event)
        return Life(lead_id, known, sorted(events_at.items(), key=itemgetter(0)))

    def _end(self, known: list[tuple[datetime, Event]], ends: set[str]) -> datetime:
        """When the lead ended, for good: no later event tells an open stage."""
        pipeline, end = self.context.assignees.pipeline, None
        for at, event in known:
            stage = stage_told(event, pipeline)
            if event.kind in ends:
                end = end or at
            elif stage is not None and not pipeline.named(stage).closes:
                end = None
        return end or self.until

    def _seen(
        self, lead: LeadReplay, life: Life, observed: _Observations
    ) -> Iterator[Observed]:
        """Each moment, once the lead has learnt what sets nothing off."""
        learnt = 0
        for at, events in life.moments:
            while learnt < len(life.known) and life.known[learnt][0] <= at:
                known_at, event = life.known[learnt]
                learnt += 1
                is_past = known_at < self.since or not is_own_write(event)
                if event not in events and is_past:
                    lead.learn(event)
            yield observed[life.lead_id, at]

    # --- What is measured ---------------------------------------------------

    def _observed(self, events: pl.DataFrame, lives: list[Life]) -> _Observations:
        """By lead and moment, with measures, score and doubts."""
        arrived = {
            (life.lead_id, at): arrived
            for life in lives
            for at, arrived in life.moments
        }
        if not arrived:
            return {}
        moments = moments_frame(list(arrived))
        rules, cases = self.context.rules, self.context.cases
        catalogue = measure_catalogue(
            (*rules.measures, *cases.measures),
            (*rules.kinds, *cases.kinds),
            self._segment,
        )
        measured = featurise(events, moments, catalogue).drop("lead_id", "moment")
        rows = measured.fill_nan(None).iter_rows(named=True)
        scores = self._scores(events, moments)
        doubts = self._doubts(events, arrived)
        segment = attribute_measure(self._segment or NO_SEGMENT).name
        return {
            (lead_id, at): Observed(
                at=at,
                events=arrived[lead_id, at],
                measures=row,
                score=score,
                doubts=doubts.get((lead_id, at)),
                segment=row[segment],
            )
            for (lead_id, at), row, score in zip(arrived, rows, scores, strict=True)
        }

    @property
    def _segment(self) -> str | None:
        return (
            None if self.explainer is None else self.explainer.scorer.catalogue.segment
        )

    def _scores(
        self, events: pl.DataFrame, moments: pl.DataFrame
    ) -> Sequence[float | None]:
        """In points."""
        if self.explainer is None:
            return [None] * len(moments)
        scorer = self.explainer.scorer
        signals = featurise(events, moments, scorer.catalogue)
        matrix = encode(signals, scorer.catalogue, scorer.facts.codes)
        points: list[float] = (100 * probability(scorer.log_odds_of(matrix))).tolist()
        return points

    def _doubts(
        self, events: pl.DataFrame, pairs: Iterable[tuple[str, datetime]]
    ) -> dict[tuple[str, datetime], frozenset[Doubt]]:
        """Of the moments that are explained: Monday's ticks."""
        chosen = [pair for pair in pairs if _is_explained(pair[1])]
        if self.explainer is None or not chosen:
            return {}
        scores = self.explainer.scores(events, moments_frame(chosen))
        return {
            pair: frozenset(case.doubt for case in score.doubts)
            for pair, score in zip(chosen, scores, strict=True)
        }


def _ticks(first: datetime, last: datetime) -> Iterator[datetime]:
    tick = first.replace(hour=TICK_HOUR, minute=0, second=0, microsecond=0)
    if tick < first:
        tick += timedelta(days=1)
    while tick <= last:
        yield tick
        tick += timedelta(days=1)


def _is_explained(at: datetime) -> bool:
    is_tick = (at.hour, at.minute, at.second) == (TICK_HOUR, 0, 0)
    return is_tick and at.weekday() == EXPLAINED_ON
