"""A block of leads: the unit that is drawn, followed and written at once."""

from dataclasses import dataclass

import numpy as np

from data.demo.intent import LIFE_DAYS, Law, Lives, law, live
from data.demo.profile import Profiles, draw_profiles
from data.demo.working_time import WorkingTime
from features.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Leads that entered between them; days count from each one's entry.

    `lead_ids` are numbers; `entry_day` is (leads,), in `time`, and `entry_moment`
    the part of that day's hours already gone. `lead_pace` and `person_pace` are
    (leads, LIFE_DAYS), and zero once the lead has ended.
    """

    lead_ids: IntArray
    time: WorkingTime
    entry_day: IntArray
    entry_moment: FloatArray
    profiles: Profiles
    laws: Law
    lives: Lives
    lead_pace: FloatArray
    person_pace: FloatArray

    def moments(
        self, rng: np.random.Generator, lead: IntArray, day: IntArray
    ) -> FloatArray:
        """A moment of the day for each event, 0 to DAY_ENDS, after the entry."""
        start = np.where(day == 0, self.entry_moment[lead] + 0.01, 0.08)
        return np.asarray(start + (DAY_ENDS - start) * rng.random(len(lead)))

    def working_day(self, lead: IntArray, day: IntArray) -> IntArray:
        """The first day from `day` on that people work, both counted from entry.

        Past the days that `time` knows, it is some day past LIFE_DAYS.
        """
        entry, following = self.entry_day[lead], self.time.next_working
        return np.asarray(
            following[np.minimum(entry + day, len(following) - 1)] - entry
        )


DAY_ENDS = 0.86  # what is later in the day is kept for endings


def draw_block(
    rng: np.random.Generator, time: WorkingTime, lead_ids: IntArray, entry_day: IntArray
) -> Block:
    """Draw the profiles and the lives of leads that enter on `entry_day`, (leads,)."""
    profiles = draw_profiles(rng, len(lead_ids))
    laws = law(profiles, profiles.automated)
    lives = live(rng, laws, time, entry_day)
    days = entry_day[:, None] + np.arange(LIFE_DAYS)
    living = open_days(lives.closed_day)
    return Block(
        lead_ids=lead_ids,
        time=time,
        entry_day=entry_day,
        entry_moment=rng.uniform(0.05, 0.5, len(lead_ids)),
        profiles=profiles,
        laws=laws,
        lives=lives,
        lead_pace=time.lead_pace[days] * living,
        person_pace=time.person_pace[days] * living,
    )


def open_days(last_day: IntArray) -> BoolArray:
    """(leads, LIFE_DAYS): the days up to each lead's last one, and that one."""
    return np.asarray(np.arange(LIFE_DAYS) <= last_day[:, None])
