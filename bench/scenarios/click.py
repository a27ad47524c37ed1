"""Click to photon: from a viewer's sending of a click to the arrival of the first picture that shows what it did.

The page is still until it is clicked, then it changes its background and counts the click in its clock. Clicks fall at random
moments, each after the page has been quiet for a tenth of a second; one viewer at 60 fps, quality 75, over a real socket. A new
session for each run.
"""

from __future__ import annotations

from bench import stage
from bench.glass import open_viewer
from bench.reactions import measure
from bench.result import Result
from bench.scenario import Options, Steps


def run(options: Options, steps: Steps) -> Result:
    result = Result("click")
    steps.begin(options.runs)
    runs = []
    with stage.browsers() as (server, site):
        for number in range(options.runs):
            steps.step(f"run {number + 1} of {options.runs}")
            with (
                stage.session(server, f"{site}/click.html") as id,
                open_viewer(server, id, stage.QUALITY, 60) as client,
            ):
                runs.append(measure(client, options.seconds, lambda index: ("input:click", {"x": 640, "y": 300 + index % 50})))
    result.add_latencies("click", runs, "from sending `input:click` to the first picture that shows it", "<= 20", "<= 40")
    return result
