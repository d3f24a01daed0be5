"""What the routes and the command line work with, built once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from governance.brake import Brake
from governance.judgement import Judgement, read_judgement
from governance.pipeline import Pipeline
from serving.database import Store
from serving.models import Models
from serving.settings import Settings
from serving.trail import Trail
from serving.turns import Turns


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    settings: Settings
    store: Store
    pipeline: Pipeline
    models: Models
    judgement: Judgement = field(default_factory=read_judgement)
    brake: Brake = field(default_factory=Brake)
    turns: Turns = field(default_factory=Turns)
    trail: Trail = field(default_factory=Trail)
    clock: Callable[[], datetime] = utc_now
