"""The page Automatisation et humain: the report on automation in French names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from explanations.wording import Wording
from features.event import Actor
from governance.impact.adjustment import Adjusted, OfSegment, Shift, bounds_of
from governance.impact.groups import By, Group, speeding
from governance.impact.interval import Estimate
from governance.impact.lead_course import attributes_of
from governance.impact.report import AutomationReport
from serving.console.page.figures_fr import between
from serving.console.page.format_fr import wording
from serving.console.reports.charts import Curves, Whisker, curves_of, whiskers
from serving.runtime.background_cache import Cached

_MOST_SHIFTS = 3  # shown; the others are narrower


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectEstimate:
    """The adjusted figure and the naive one, drawn on one scale, and why they differ.

    `segments` are those of the adjusted figure, each with its place on its own scale.
    """

    result: Adjusted
    adjusted: Whisker
    naive: Whisker
    shifts: list[tuple[str, Shift]]
    segments: list[tuple[str, OfSegment, Whisker]]

    @property
    def naive_is_lower(self) -> bool:
        return self.result.naive.value < self.result.adjusted.value

    @property
    def apart(self) -> float:
        """How far the two figures are from each other, as they are shown; ≥ 0."""
        naive, adjusted = self.result.naive.value, self.result.adjusted.value
        return abs(round(naive, 3) - round(adjusted, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationPage:
    """A report with the French names of what it groups by.

    `gains` and `costs` are segments whose adjusted interval leaves zero out; `speeds`
    the groups whose cycle surely changes, and by how many days.
    """

    report: AutomationReport
    made_at: datetime
    curves: Curves | None
    effect: EffectEstimate | None
    gains: list[tuple[str, Estimate]]
    costs: list[tuple[str, Estimate]]
    speeds: list[tuple[str, Estimate]]
    groups: dict[By, list[tuple[str, Group]]]

    @property
    def leaves_more(self) -> bool:
        """More unsubscribe after a machine's mails, surely."""
        left = {answers.by: answers.unsubscribed for answers in self.report.answers}
        machine, person = left.get(Actor.AUTOMATION), left.get(Actor.PERSON)
        return machine is not None and person is not None and machine.low > person.high


def automation_page(
    cached: Cached[AutomationReport | None], titles: Mapping[str, str]
) -> AutomationPage | None:
    """The page of a report, with the titles of stages; None without a report."""
    report = cached.value
    if report is None:
        return None
    names = _Names(wording(), report.until, titles)
    effect = _effect(report.adjusted, names) if report.adjusted else None
    clear = [
        (name, segment.difference)
        for name, segment, _ in (effect.segments if effect else ())
        if segment.difference.is_clear
    ]
    return AutomationPage(
        report=report,
        made_at=cached.at,
        curves=curves_of(report.curves),
        effect=effect,
        gains=[(name, gap) for name, gap in clear if gap.value > 0],
        costs=[(name, gap) for name, gap in clear if gap.value < 0],
        speeds=[(names.group(group), days) for group, days in speeding(report.groups)],
        groups={
            by: [
                (names.group(group), group) for group in report.groups if group.by is by
            ]
            for by in By
        },
    )


@dataclass(frozen=True, slots=True)
class _Names:
    """What things are called."""

    wording: Wording
    moment: datetime
    titles: Mapping[str, str]

    def group(self, group: Group) -> str:
        if group.by is By.SEGMENT:
            return self.segment(group.name)
        return self.titles.get(group.name, group.name)

    def segment(self, label: str) -> str:
        field = self.wording.catalogue.segment
        return label if field is None else self._attribute(field, label)

    def shift(self, shift: Shift) -> str:
        if shift.attribute not in attributes_of(self.wording.catalogue).numbers:
            return self._attribute(shift.attribute, shift.label)
        low, high = bounds_of(shift.label)
        return between(
            self._attribute(shift.attribute, low),
            self._attribute(shift.attribute, high),
        )

    def _attribute(self, field: str, value: float | str) -> str:
        return self.wording.attribute(field, value, self.moment)


def _effect(result: Adjusted, names: _Names) -> EffectEstimate:
    adjusted, naive = whiskers([result.adjusted, result.naive])
    places = whiskers([segment.difference for segment in result.segments])
    wide = [shift for shift in result.shifts if shift.is_wide and shift.label != "?"]
    return EffectEstimate(
        result=result,
        adjusted=adjusted,
        naive=naive,
        shifts=[(names.shift(shift), shift) for shift in wide[:_MOST_SHIFTS]],
        segments=[
            (names.segment(segment.name), segment, place)
            for segment, place in zip(result.segments, places, strict=True)
        ],
    )
