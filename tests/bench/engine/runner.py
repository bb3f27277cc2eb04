"""A contestant: a process that is started, watched by its samples, and ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final

from tests.bench.engine.samples import Sample, read

LOOK_EVERY_S: Final = 0.1
END_WITHIN_S: Final = 30.0
NEARLY: Final = 0.95


class Runner:
    """One process. `module` is run with the path of its samples as the last word."""

    def __init__(
        self, name: str, module: str, words: Sequence[str], env: Mapping[str, str], folder: Path
    ) -> None:
        self.name = name
        self.started_at = 0.0
        self._folder = folder
        self._samples = folder / f"{name}.samples"
        self._log = folder / f"{name}.log"
        self._command = [sys.executable, "-m", module, *words, str(self._samples)]
        self._env = {**os.environ, **env}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; samples begin anew."""
        self._samples.unlink(missing_ok=True)
        self.started_at = time.monotonic()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._env, stdout=log, stderr=log)

    def samples(self) -> list[Sample]:
        """All so far."""
        return read(self._samples)

    def wait(self, until: Callable[[Sample], bool], within_s: float) -> Sample:
        """The first sample of which `until` is true. RuntimeError: there was none in time, or it ended."""
        ends_at = time.monotonic() + within_s
        while time.monotonic() < ends_at:
            for sample in self.samples():
                if until(sample):
                    return sample
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"{self.name} ended by itself: see {self._log}\n{self._tail()}")
            time.sleep(LOOK_EVERY_S)
        last = self.samples()[-1:]
        raise RuntimeError(f"{self.name} did not come so far within {within_s} s: {last}\n{self._tail()}")

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As an operator would."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(number)
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-2_000:]


@contextmanager
def running(*runners: Runner) -> Iterator[None]:
    """They run, and are gone afterwards."""
    try:
        for runner in runners:
            runner.start()
        yield
    finally:
        for runner in runners:
            runner.kill()


def rate(samples: Sequence[Sample], count: Callable[[Sample], int], *, warm_s: float) -> float:
    """Per second, from `warm_s` after the first one until nearly all are done: the last have no company."""
    busy = [one for one, after in pairwise(samples) if count(after) > count(one)]
    if not busy:
        return 0.0
    begun = next((it for it in busy if it.at_s >= busy[0].at_s + warm_s), busy[0])
    nearly = count(begun) + NEARLY * (count(samples[-1]) - count(begun))
    ended = next(it for it in samples if it.at_s > begun.at_s and count(it) >= nearly)
    return (count(ended) - count(begun)) / (ended.at_s - begun.at_s)


def cpu_us(samples: Sequence[Sample], count: Callable[[Sample], int]) -> float:
    """Microseconds of processor per one, from the first that was counted on."""
    begun = next((it for it in samples if count(it)), samples[0])
    ended = next(it for it in samples if count(it) == count(samples[-1]))
    return 1e6 * (ended.cpu_s - begun.cpu_s) / max(1, count(ended) - count(begun))
