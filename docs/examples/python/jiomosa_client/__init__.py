"""A client of Jiomosa servers: sessions made, driven and watched from Python. Synchronous; needs `websockets` alone.

    from jiomosa_client import Session

    with Session.create("http://127.0.0.1:5000", url="https://example.com") as session:
        session.subscribe(fps=10, max_width=480)
        for frame in session.frames():
            show(frame.jpeg)
            session.scroll(0, 100)

docs/protocol.md has the options of a subscription and the events.
"""

from jiomosa_client.errors import ConnectionLost, JiomosaError, SessionEnded
from jiomosa_client.session import Page, Session
from jiomosa_client.wire import Event, Frame

__all__ = ["ConnectionLost", "Event", "Frame", "JiomosaError", "Page", "Session", "SessionEnded"]
