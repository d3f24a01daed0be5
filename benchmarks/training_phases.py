"""One training in a process of its own, phase by phase: seconds, processor, memory.

    python -m benchmarks.training_phases --log logs/demo

What `frein train` does, in its order, on the store of MLFLOW_TRACKING_URI. The last
line is one JSON object: phase → [seconds, processor seconds, peak bytes].
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson

_STATUS = Path("/proc/self/status")
_FORGET = Path("/proc/self/clear_refs")
_THE_PEAK = "5"  # proc(5): set the peak resident set size to the present one


@dataclass(slots=True)
class Clock:
    """Seconds, processor seconds of all threads, and peak resident bytes by phase."""

    phases: dict[str, tuple[float, float, int]] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        _FORGET.write_text(_THE_PEAK, encoding="ascii")
        started, worked = time.perf_counter(), time.process_time()
        yield
        spent = time.perf_counter() - started, time.process_time() - worked
        self.phases[name] = *spent, _peak_bytes()


class Laps:
    """Phases that are told when they begin: each ends where the next one begins."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: Iterator[None] = iter(())

    def begin(self, name: str) -> None:
        self.end()
        self._open = self._timed(name)
        next(self._open)

    def end(self) -> None:
        next(self._open, None)

    def _timed(self, name: str) -> Iterator[None]:
        with self._clock.phase(name):
            yield


def measured(log: Path) -> Clock:
    """Train on a log and register the model, as `frein train` does."""
    clock = Clock()
    with clock.phase("start"):
        from training.cli.train import read_inputs
        from training.fitting.fit import FitSettings
        from training.fitting.train import TrainSettings, train
        from training.promotion.promotion import place
        from training.registry.registry import has_champion
        from training.registry.training_run import record_training

        has_champion()
    with clock.phase("reading"):
        inputs = read_inputs(log, None, "60d", None, None)
    asked = TrainSettings(
        plan=inputs.plan, horizon_days=inputs.horizon_days, fit=FitSettings(), seed=1
    )
    laps = Laps(clock)
    trained = train(inputs.log, inputs.catalogue, asked, phase=laps.begin)
    laps.end()
    with clock.phase("registering"):
        version = record_training(trained, inputs.log, log, asked)
        place(version.version, now=datetime.now(UTC))
    return clock


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training_phases")
    parser.add_argument("--log", type=Path, required=True, help="a log's folder")
    clock = measured(parser.parse_args(arguments).log)
    print(orjson.dumps(clock.phases).decode())


def _peak_bytes() -> int:
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    (line,) = (one for one in lines if one.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
