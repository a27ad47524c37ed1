"""Jiomosa as it is served: its own processes, its socket, one viewer that receives everything over TCP."""

from __future__ import annotations

from bench import glass, server
from bench.peers.booth import checked
from bench.peers.task import Peer, Task

SESSION = "peers"


def watch(task: Task) -> glass.Glass:
    with server.run(max_fps=task.fps) as running:
        running.post("/api/session/create", session_id=SESSION, width=task.width, height=task.height)
        running.post(f"/api/session/{SESSION}/load", url=task.url)
        with glass.open_viewer(running, SESSION, task.quality, task.fps) as viewer:
            return checked(glass.watch(running, viewer, task.seconds))


PEER = Peer("Jiomosa", "up to the message's arrival at a client over TCP", lambda: None, lambda: "this checkout", watch)
