"""Key to photon: from a viewer's sending of a key or text to the arrival of the first picture that shows it in a text field.

key    `input:key`, a real key press
text   `input:text`, what a phone's keyboard sends
The two in turns, in one session a run, at random moments, each after the page has been quiet for a tenth of a second; the field
counts what arrives in its clock. One viewer at 60 fps, quality 75, over a real socket. A new session for each run.
"""

from __future__ import annotations

from bench import stage
from bench.glass import open_viewer
from bench.reactions import measure
from bench.result import Result
from bench.scenario import Options, Steps

KINDS: tuple[tuple[str, dict[str, object]], ...] = (("input:key", {"key": "a"}), ("input:text", {"text": "b"}))


def run(options: Options, steps: Steps) -> Result:
    result = Result("typing")
    steps.begin(options.runs)
    runs: list[list[list[float]]] = [[], []]
    with stage.browsers() as (server, site):
        for number in range(options.runs):
            steps.step(f"run {number + 1} of {options.runs}")
            with (
                stage.session(server, f"{site}/typing.html") as id,
                open_viewer(server, id, stage.QUALITY, 60) as client,
            ):
                client.emit("input:click", {"x": 300, "y": 200})  # the field gets the focus
                samples = measure(client, options.seconds, lambda index: KINDS[index % 2])
            for which in (0, 1):
                runs[which].append(samples[which::2])
    for (event, _), samples_by_run in zip(KINDS, runs, strict=True):
        name = event.removeprefix("input:")
        result.add_latencies(name, samples_by_run, f"from sending `{event}` to the first picture that shows it", "<= 35", "")
    return result
