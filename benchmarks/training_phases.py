"""Cost of one training, phase by phase: seconds, processor seconds, memory.

    python -m benchmarks.training_phases --log logs/demo

What `frein train` does, in its order, on the store of MLFLOW_TRACKING_URI. The last
line is one JSON object: phase → [seconds, processor seconds, peak bytes].
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.common.command_line import parser_of, print_json

_STATUS = Path("/proc/self/status")
_FORGET = Path("/proc/self/clear_refs")


@dataclass(slots=True)
class Clock:
    """Seconds, processor seconds of all threads, and peak resident bytes by phase."""

    phases: dict[str, tuple[float, float, int]] = field(default_factory=dict)
    _open: tuple[str, float, float] | None = None

    def begin(self, name: str) -> None:
        """Begin a phase: the one before it ends."""
        self.end()
        _FORGET.write_text("5", encoding="ascii")  # proc(5): the peak is the present
        self._open = name, time.perf_counter(), time.process_time()

    def end(self) -> None:
        if self._open is not None:
            name, started, worked = self._open
            spent = time.perf_counter() - started, time.process_time() - worked
            self.phases[name] = *spent, _peak_bytes()


def measured(log: Path) -> Clock:
    """Train on a log and register the model, as `frein train` does."""
    clock = Clock()
    clock.begin("start")
    from training.cli.train import read_inputs
    from training.fitting.fit import FitSettings
    from training.fitting.train import TrainSettings, train
    from training.promotion.promotion import place
    from training.registry.registry import has_champion
    from training.registry.training_run import record_training

    has_champion()
    clock.begin("reading")
    inputs = read_inputs(log, None, "60d", None, None)
    settings = TrainSettings(
        plan=inputs.plan, horizon_days=inputs.horizon_days, fit=FitSettings(), seed=1
    )
    trained = train(inputs.log, inputs.catalogue, settings, phase=clock.begin)
    clock.begin("registering")
    version = record_training(trained, inputs.log, log, settings)
    place(version.version, now=datetime.now(UTC))
    clock.end()
    return clock


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of("training_phases", __doc__)
    parser.add_argument("--log", type=Path, required=True, help="a log's folder")
    print_json(measured(parser.parse_args(arguments).log).phases)


def _peak_bytes() -> int:
    peak = _STATUS.read_text(encoding="ascii").partition("VmHWM:")[2]
    return int(peak.split()[0]) * 1024


if __name__ == "__main__":
    main()
