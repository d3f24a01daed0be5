"""The pipeline: the stages of an opportunity, and which are reserved for people."""

from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from governance.errors import PipelineError, StageUnknownError
from governance.toml_file import FromFile, read_toml

PIPELINE_FILE = Path(__file__).with_name("pipeline.toml")


class StageRole(StrEnum):
    """What a stage means, whatever a company calls it."""

    ENTRY = "entry"
    FINAL_NEGOTIATION = "final_negotiation"
    WON = "won"
    ABANDONED = "abandoned"


# DESIGN §7: reserved for people, whatever the score, the rule or the key.
ALWAYS_RESERVED = frozenset({StageRole.FINAL_NEGOTIATION, StageRole.ABANDONED})
CLOSING = frozenset({StageRole.WON, StageRole.ABANDONED})


class Stage(FromFile):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    title: Annotated[str, Field(min_length=1, max_length=64)]
    role: StageRole | None = None
    reserved: bool = False

    @property
    def closes(self) -> bool:
        """Does the lead's open life end here?"""
        return self.role in CLOSING


class Pipeline(FromFile):
    """`concession_above_percent`: a larger price concession is reserved for people."""

    stage: tuple[Stage, ...]
    # 10: issue 5. From 50 on, the brake would be one in name only.
    concession_above_percent: Annotated[float, Field(ge=0, lt=50)] = 10.0

    @model_validator(mode="after")
    def _is_sound(self) -> "Pipeline":
        names = [stage.name for stage in self.stage]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"stage {name!r} stands twice")
        for role in StageRole:
            held = sum(stage.role is role for stage in self.stage)
            if held != 1:
                raise ValueError(f"role {role.value!r} is held by {held} stages, not 1")
        for stage in self.stage:
            if stage.role in ALWAYS_RESERVED and not stage.reserved:
                raise ValueError(
                    f"stage {stage.name!r} unlocks a decision reserved for people: "
                    f"its role {stage.role} needs reserved = true"
                )
        return self

    @cached_property
    def by_name(self) -> dict[str, Stage]:
        return {stage.name: stage for stage in self.stage}

    @cached_property
    def titles(self) -> dict[str, str]:
        return {stage.name: stage.title for stage in self.stage}

    @cached_property
    def entry(self) -> str:
        return self.of_role(StageRole.ENTRY)

    def is_free(self, stage: str) -> bool:
        """May automation bring a lead there, and take it away? One that has left the
        file is nobody's."""
        known = self.by_name.get(stage)
        return known is None or not (known.reserved or known.closes)

    def is_backwards(self, origin: str, to: str) -> bool:
        """Does a move go back? A stage that has left the file has no place."""
        names = list(self.by_name)
        known = origin in names and to in names
        return known and names.index(to) < names.index(origin)

    def reserves_concession(self, percent: float) -> bool:
        return percent > self.concession_above_percent

    def of_role(self, role: StageRole) -> str:
        """The name of the one stage of that role."""
        return next(stage.name for stage in self.stage if stage.role is role)

    def named(self, name: str) -> Stage:
        """The stage of that name; raises StageUnknownError."""
        try:
            return self.by_name[name]
        except KeyError:
            raise StageUnknownError(name) from None


def read_pipeline(path: Path = PIPELINE_FILE) -> Pipeline:
    """Read a pipeline file.

    Raises PipelineError: the file, the line and what is wrong; also if a reserved
    decision is unlocked.
    """
    return read_toml(path, Pipeline, "stage", PipelineError)
