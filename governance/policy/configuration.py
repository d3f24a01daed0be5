"""Configuration in force, as the audit keeps it, and what leads hold of it. Pure.

A start that finds another configuration than the last one writes it to the audit; the
database lets stages and thresholds be only what stands there (lock 3).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from governance.policy.pipeline import CLOSING, Pipeline, StageRole

_KEPT = frozenset({StageRole.FINAL_NEGOTIATION, *CLOSING})


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStage:
    """A stage as it was at the last start; `role` "" where only its locks are known."""

    reserved: bool
    closes: bool
    role: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldChange:
    """A change of a stage that the leads which stand there forbid, in words."""

    stage: str
    what: str


def stages_of(pipeline: Pipeline) -> dict[str, JsonValue]:
    """The stages' places, roles and locks, by name, as lock 3 reads them."""
    return {
        stage.name: {
            "position": position,
            "reserved": stage.reserved,
            "closes": stage.closes,
            "role": stage.role,
        }
        for position, stage in enumerate(pipeline.stage)
    }


def thresholds_of(pipeline: Pipeline) -> dict[str, float]:
    """The thresholds by name, as lock 3 reads them."""
    return {
        "concession_above_percent": pipeline.concession_above_percent,
        **{
            f"concession_percent_{r}": v for r, v in pipeline.concession_percent.items()
        },
        **{f"concession_amount_{r}": v for r, v in pipeline.concession_amount.items()},
    }


def renamings(pipeline: Pipeline) -> dict[str, str]:
    """The present name of each stage by those that it had."""
    return {old: stage.name for stage in pipeline.stage for old in stage.formerly}


def held_changes(
    known: Mapping[str, KnownStage], pipeline: Pipeline
) -> Iterator[HeldChange]:
    """The changes of `known` stages that mustn't be made where leads stand: a stage
    leaves, or loses its lock, or its role changes what became of the leads."""
    renamed = renamings(pipeline)
    for name, before in known.items():
        after = pipeline.by_name.get(renamed.get(name, name))
        if after is None:
            yield HeldChange(stage=name, what="left the file")
        elif before.reserved and not after.reserved:
            yield HeldChange(stage=name, what="is no longer reserved for people")
        elif before.closes != after.closes:
            closes = "ends an opportunity" if after.closes else "no longer ends one"
            yield HeldChange(stage=name, what=closes)
        elif before.role not in {"", after.role}:
            if before.role in _KEPT:
                yield HeldChange(stage=name, what=f"lost the role {before.role}")
            elif after.role in CLOSING:
                yield HeldChange(stage=name, what=f"took the role {after.role}")
