"""`python -m bench.record`: takes the pictures of bench/frames anew, from bench/pages, with a real browser and our capture."""

from __future__ import annotations

import io
import sys
import time

import requests
from PIL import Image

from bench import stage
from bench.frames import FRAMES

# page, how many pictures, seconds between two, whether to keep it as JPEG
PAGES = {
    "text": ("text.html", 2, 0.7, False),
    "photo": ("photo.html", 1, 0.0, True),
    "mixed": ("mixed.html", 1, 0.0, False),
    "video": ("video.html", 2, 0.5, True),
}
SETTLE_SECONDS = 1.0


def main() -> int:
    FRAMES.mkdir(exist_ok=True)
    total = 0
    with stage.browsers() as (server, site):
        for kind, (page, count, pause, lossy) in PAGES.items():
            with stage.session(server, f"{site}/{page}") as id:
                time.sleep(SETTLE_SECONDS)
                for number in range(count):
                    answer = requests.get(f"{server.address}/api/session/{id}/frame", timeout=30)
                    answer.raise_for_status()
                    picture = Image.open(io.BytesIO(answer.content)).convert("RGB")
                    path = FRAMES / f"{kind}-{number}.{'jpg' if lossy else 'png'}"
                    if lossy:
                        picture.save(path, quality=90, subsampling=0, optimize=True)
                    else:
                        picture.save(path, optimize=True)
                    total += path.stat().st_size
                    print(f"{path.name} {path.stat().st_size:,} bytes")
                    time.sleep(pause)
    print(f"{total:,} bytes in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
