"""The others: the same page at the same size and quality through other ways of streaming a browser, beside ours.

    module          what it is
    task            what every peer has to show, what a peer is, how its pictures are scored
    booth           a child process that holds all of a peer, so that its cost can be told from the harness's
    desk            in that process: a user id, an X screen and a Chromium, made by the same modules as ours
    screenshots     (a) Selenium screenshots, made JPEG again, in a loop: the original's way
    screencast      (b) the screencast of the Chrome DevTools Protocol
    fluxgrab        (c) pixelflux, the grabber of Selkies
    vnc, rfb, tight (d) TigerVNC's Xvnc, and the client that reads it
    ours            Jiomosa, over its socket to a client

`bench.scenarios.peers` runs them in turns; `python -m bench.peers` runs one, for whoever works on it.

Each module says which settings it chose and why: their best, not straw men. Where a choice had to be made, it was made in the
peer's favour: (a) to (c) are measured up to the finished JPEG inside their own process, before any network, while (d) and ours
are measured at a client that has received everything over TCP.
"""
