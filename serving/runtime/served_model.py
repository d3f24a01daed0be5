"""The model in service, and the thread that replaces it when the champion changes."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from explanations.errors import ModelRejectedError, WordingError
from explanations.reason import Past
from explanations.score import Ending, ModelId, Priority, Score
from features.errors import FreinError
from serving.runtime.periodic import PeriodicThread
from training.errors import ModelUnavailableError

log = logging.getLogger(__name__)


class Explains(Protocol):
    """A model that scores and explains: `explanations.explain.Explainer`, or a fake."""

    @property
    def model(self) -> ModelId: ...

    def scores(
        self,
        events: pl.DataFrame,
        moments: pl.DataFrame,
        previous: Mapping[str, Priority] | None = None,
        closed: Mapping[str, Ending] | None = None,
    ) -> list[Score]: ...

    def reads(self, events: pl.DataFrame) -> bool: ...

    @property
    def kinds(self) -> Collection[str]: ...

    @property
    def segment(self) -> str | None: ...

    def usual_hours(self, segment: str | None) -> dict[str, float]: ...

    def retold(
        self,
        score: Score,
        previous: Priority | None,
        priority: Priority,
        closed: Ending | None = None,
        *,
        by_person: bool = False,
        is_settled: bool = False,
    ) -> Score: ...

    def changed(
        self,
        scores: Sequence[Score],
        events: pl.DataFrame,
        pasts: Mapping[str, Past],
        earlier: Any,  # one that this one follows: another of the same class
    ) -> list[Score]: ...


@dataclass(frozen=True, slots=True)
class Registry:
    """Source of models: which one is champion, and how to load it, checked.

    Both raise ModelUnavailableError; `load` also raises ModelRejectedError.
    """

    champion: Callable[[], ModelId]
    load: Callable[[ModelId], Explains]


class Models:
    """The model in service. A request takes it once and keeps it to its end."""

    def __init__(self, explainer: Explains | None = None) -> None:
        self._explainer = explainer
        self._before: Explains | None = None

    @property
    def loaded(self) -> Explains | None:
        return self._explainer

    def current(self) -> Explains:
        """The model in service; raises ModelUnavailableError if there is none."""
        explainer = self._explainer
        if explainer is None:
            raise ModelUnavailableError("no model is loaded")
        return explainer

    def replace(self, explainer: Explains) -> None:
        self._before = self._explainer
        self._explainer = explainer  # one assignment: readers see the old or the new

    def of(self, sha256: str) -> Explains | None:
        """The model in service or the one before it, by its digest."""
        both = (self._explainer, self._before)
        return next((m for m in both if m and m.model.sha256 == sha256), None)


class ModelWatch(PeriodicThread):
    """Polls the registry; a champion that can't be loaded leaves the old one in."""

    def __init__(self, registry: Registry, models: Models, every_seconds: float):
        self._registry = registry
        self._models = models
        self._last_complaint = ""
        super().__init__("models", every_seconds, self.look)

    def look(self) -> None:
        """Take the champion in, unless it serves already.

        One that was refused is tried again: its files may have been put right.
        """
        try:
            champion = self._registry.champion()
            serving = self._models.loaded
            if serving and serving.model == champion:
                return
            self._models.replace(self._registry.load(champion))
            self._last_complaint = ""
            log.info("model_loaded", extra={"model_version": champion.version})
        except (ModelRejectedError, WordingError) as error:
            self._complain("model_rejected", error)
        except FreinError as error:
            self._complain("model_unavailable", error)

    def _complain(self, message: str, error: FreinError) -> None:
        if str(error) != self._last_complaint:
            self._last_complaint = str(error)
            log.error(message, extra={"cause": str(error)})
