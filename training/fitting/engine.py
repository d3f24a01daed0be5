"""What does the heavy work of a training: one machine, or several."""

from dataclasses import dataclass
from typing import Protocol

import polars as pl

from features.catalogue import Catalogue
from features.featurise import featurise
from features.log import Log
from training.fitting.boosting import Boost, Examples, on_this_machine


class Engine(Protocol):
    """Featurises a log that it holds, and grows boosters."""

    def signals(self, moments: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
        """As `featurise` of the log's events."""

    def boosting(self, examples: Examples) -> Boost:
        """As `on_this_machine`."""


@dataclass(frozen=True, slots=True)
class OneMachine:
    """This process."""

    log: Log

    def signals(self, moments: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
        return featurise(self.log.events, moments, catalogue)

    def boosting(self, examples: Examples) -> Boost:
        return on_this_machine(examples)
