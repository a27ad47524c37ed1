"""Opens a page, scrolls through it, and writes what a device would show to files. With the client package of this folder.

python follow.py https://example.com [FOLDER]          the server: JIOMOSA_SERVER, or http://127.0.0.1:5000
"""

import os
import sys
from pathlib import Path

from jiomosa_client import Event, Frame, Session

SERVER = os.environ.get("JIOMOSA_SERVER", "http://127.0.0.1:5000")


def main(url: str, folder: Path) -> None:
    with Session.create(SERVER, width=480, height=272, url=url) as session:
        print(f"{session.page().title!r} is shown")
        session.subscribe(fps=10)
        pictures = 0
        while pictures < 5:
            match session.next(timeout=2):
                case Frame(jpeg=jpeg, seq=seq, width=width, height=height):
                    pictures += 1
                    (folder / f"{pictures}.jpg").write_bytes(jpeg)
                    print(f"picture {seq}: {width}x{height}, {len(jpeg)} bytes")
                    session.scroll(0, 40)
                case Event("status", {"message": message}):
                    print(message)
                case None:
                    break  # nothing moves any more


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else "."))
