"""The invariants of the dispatch, under whatever order of wants, results and deaths."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.dispatch import DEPTH, Assignment, Dispatch

SOURCES = st.sampled_from(["a", "b", "c"])
NUMBERS = st.integers(0, 3)


class World(RuleBasedStateMachine):
    """Sources with any number of jobs, encoders that come, work and go."""

    @initialize()
    def begin(self) -> None:
        self.dispatch: Dispatch[str, int] = Dispatch()
        self.slots: dict[int, int] = {}
        self.running: dict[int, Assignment[str, int]] = {}
        self.ended: set[int] = set()
        self.work: dict[str, int] = dict.fromkeys("abc", 0)  # jobs that each source has to give
        self.wanting: list[str] = []  # our own idea of the queue
        self.number = 0
        self.before: dict[str, set[str]] = {}  # for each waiting source, who has had a turn since it began to wait

    @rule(encoder=NUMBERS, slots=st.integers(DEPTH, DEPTH + 2))
    def add(self, encoder: int, slots: int) -> None:
        if encoder not in self.slots:
            self.dispatch.add(encoder, slots)
            self.slots[encoder] = slots

    @rule(encoder=NUMBERS)
    def remove(self, encoder: int) -> None:
        lost = self.dispatch.remove(encoder)
        self.slots.pop(encoder, None)
        expected = {job for job, task in self.running.items() if task.encoder == encoder}
        assert {task.job for task in lost} == expected
        assert len(lost) == len(expected), "a lost job was returned twice"
        for task in lost:
            assert self.running.pop(task.job) == task
            self.end(task.job)

    @rule(source=SOURCES, jobs=st.integers(0, 5))
    def want(self, source: str, jobs: int) -> None:
        self.work[source] += jobs
        self.dispatch.want(source)
        if source not in self.wanting:
            self.wanting.append(source)
            self.before[source] = set()

    @rule(source=SOURCES)
    def forget(self, source: str) -> None:
        self.dispatch.forget(source)
        self.work[source] = 0
        if source in self.wanting:
            self.wanting.remove(source)

    def take(self, source: str) -> int | None:
        assert self.wanting, "a source was asked that wants nothing"
        assert source == self.wanting.pop(0), "a source was asked before its turn"
        if not self.work[source]:
            return None
        self.work[source] -= 1
        self.number += 1
        for waiting in self.wanting:
            assert source not in self.before[waiting], f"{source} had two turns while {waiting} waited"
            self.before[waiting].add(source)
        self.wanting.append(source)
        self.before[source] = set()
        return self.number

    @rule()
    def assign(self) -> None:
        load = {encoder: sum(task.encoder == encoder for task in self.running.values()) for encoder in self.slots}
        for task in self.dispatch.assign(self.take):
            assert task.job not in self.running
            assert task.job not in self.ended, "a job's number was used again"
            assert load[task.encoder] == min(load.values()), "not the least loaded encoder"
            assert task.packet_slot in range(self.slots[task.encoder])
            assert task.packet_slot not in {
                other.packet_slot for other in self.running.values() if other.encoder == task.encoder
            }, "a packet slot was named in two jobs"
            load[task.encoder] += 1
            self.running[task.job] = task
        assert not self.wanting or all(jobs == DEPTH for jobs in load.values()), "an encoder idles while a source wants"

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(sorted(self.running)))
        assert self.dispatch.done(job) == self.running.pop(job)
        self.end(job)

    @precondition(lambda self: self.ended)
    @rule(data=st.data())
    def done_again(self, data: st.DataObject) -> None:
        assert self.dispatch.done(data.draw(st.sampled_from(sorted(self.ended)))) is None

    def end(self, job: int) -> None:
        assert job not in self.ended, "a job ended twice"
        self.ended.add(job)

    @invariant()
    def counts(self) -> None:
        assert self.dispatch.jobs == len(self.running)
        assert self.dispatch.encoders == len(self.slots)
        for encoder in self.slots:
            assert sum(task.encoder == encoder for task in self.running.values()) <= DEPTH


World.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestWorld = World.TestCase


def test_a_source_with_many_renditions_cannot_starve_another() -> None:
    dispatch: Dispatch[str, str] = Dispatch()
    dispatch.add(1, DEPTH + 1)
    left = {"greedy": 1000, "modest": 3}

    def take(source: str) -> str | None:
        left[source] -= 1
        return source if left[source] >= 0 else None

    dispatch.want("greedy")
    turns = []
    for step in range(12):
        if step == 2:
            dispatch.want("modest")
        for task in dispatch.assign(take):
            turns.append(task.source)
            dispatch.done(task.job)
    since = turns[turns.index("modest") :]
    assert since[:5] == ["modest", "greedy", "modest", "greedy", "modest"]
    assert turns.index("modest") <= 2 * DEPTH + 1


def test_jobs_go_to_the_least_loaded_encoder() -> None:
    dispatch: Dispatch[str, int] = Dispatch()
    for encoder in (1, 2, 3):
        dispatch.add(encoder, DEPTH + 1)
    dispatch.want("source")
    tasks = dispatch.assign(lambda source: 7)
    assert [task.encoder for task in tasks] == [1, 2, 3] * DEPTH
    for task in tasks:
        if task.encoder == 2:
            dispatch.done(task.job)
    assert [task.encoder for task in dispatch.assign(lambda source: 7)] == [2] * DEPTH


def test_a_removed_encoder_returns_its_jobs_once_and_in_order() -> None:
    dispatch: Dispatch[str, int] = Dispatch()
    dispatch.add(1, DEPTH + 1)
    dispatch.want("source")
    tasks = dispatch.assign(lambda source: 7)
    assert dispatch.remove(1) == tasks
    assert dispatch.remove(1) == []
    assert all(dispatch.done(task.job) is None for task in tasks)
    assert dispatch.assign(lambda source: 7) == []
    dispatch.add(1, DEPTH + 1)
    assert len(dispatch.assign(lambda source: 7)) == DEPTH, "a source was forgotten while there was no encoder"
