"""The pipeline: the stages of an opportunity, and which are reserved for people."""

from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from governance.errors import PipelineError, StageUnknownError
from governance.people.roles import Role
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


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Title = Annotated[str, Field(min_length=1, max_length=64)]


class LostReason(FromFile):
    """A reason why an opportunity is lost, of the company's list."""

    name: Name
    title: Title


class Stage(FromFile):
    """`formerly`: names that it had, which leads, decisions and events know it by."""

    name: Name
    title: Title
    role: StageRole | None = None
    reserved: bool = False
    formerly: tuple[Name, ...] = ()

    @property
    def closes(self) -> bool:
        """Does the lead's open life end here?"""
        return self.role in CLOSING


class Pipeline(FromFile):
    """`concession_above_percent`: a larger price concession is reserved for people.

    `concession_percent`, `concession_amount`: what a person of that role may concede on
    a lead in all, in percent of the price and in euros of the lead's amount; nobody
    whose role isn't there is limited. `lost_reason`: of these a person gives one who
    says that a lead is lost; without any, nobody is asked.
    """

    stage: tuple[Stage, ...]
    # 10: issue 5. From 50 on, the brake would be one in name only.
    concession_above_percent: Annotated[float, Field(ge=0, lt=50)] = 10.0
    concession_percent: dict[Role, Annotated[float, Field(ge=0, le=100)]] = {}  # noqa: RUF012 - pydantic copies it
    concession_amount: dict[
        Role, Annotated[float, Field(ge=0, allow_inf_nan=False)]
    ] = {}  # noqa: RUF012 - the same
    amount_attribute: Name = "amount"
    lost_reason: tuple[LostReason, ...] = ()

    @model_validator(mode="after")
    def _is_sound(self) -> "Pipeline":
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

    @model_validator(mode="after")
    def _has_no_name_twice(self) -> "Pipeline":
        names = [name for stage in self.stage for name in (stage.name, *stage.formerly)]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"stage {name!r} stands twice")
        reasons = [reason.name for reason in self.lost_reason]
        if len(set(reasons)) != len(reasons):
            raise ValueError("a name stands twice among the reasons of a loss")
        return self

    @cached_property
    def by_name(self) -> dict[str, Stage]:
        return {stage.name: stage for stage in self.stage}

    @cached_property
    def titles(self) -> dict[str, str]:
        """The title of each stage, by its name and by those that it had."""
        return {
            name: stage.title
            for stage in self.stage
            for name in (*stage.formerly, stage.name)
        }

    @cached_property
    def _present_names(self) -> dict[str, str]:
        return {
            name: stage.name
            for stage in self.stage
            for name in (*stage.formerly, stage.name)
        }

    def present_name(self, name: str) -> str | None:
        """The name of a stage today, by that or a former one; None: it has none."""
        return self._present_names.get(name)

    @cached_property
    def lost_reasons(self) -> dict[str, str]:
        """The titles of the reasons of a loss, by name."""
        return {reason.name: reason.title for reason in self.lost_reason}

    def concession_limit(self, role: Role, amount: float | None) -> float | None:
        """What a person of that role may concede in all, in percent of the price, of a
        lead of that amount in euros; None: there is no limit."""
        limits = [self.concession_percent.get(role)]
        euros = self.concession_amount.get(role)
        if euros is not None and amount is not None and amount > 0:
            limits.append(100 * euros / amount)
        return min((limit for limit in limits if limit is not None), default=None)

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

    def names_of_role(self, role: StageRole) -> list[str]:
        """The name of the one stage of that role, and those that it had."""
        stage = self.by_name[self.of_role(role)]
        return [stage.name, *stage.formerly]

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
