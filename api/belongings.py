"""What a session has on the machine beside its rings: a folder for its browser's profile; where we may, a user id of its own."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from typing import Self

from engine import leftovers
from engine.errors import Unavailable
from engine.settings import Settings
from engine.userid import UserId

REMOVE_ATTEMPTS, REMOVE_PAUSE_SECONDS = 50, 0.1


class Belongings:
    """Make with `claim`; `give_back` when the session is over."""

    def __init__(self, mark: str, folder: str, user: UserId | None) -> None:
        self._mark = mark
        self.folder = folder
        self._lock = _in_use(folder)
        self._user = user

    @classmethod
    def claim(cls, session_id: str, settings: Settings) -> Self:
        """Raises `Unavailable` when there is no user id to be had, or the machine has no place for it."""
        user = folder = None
        try:
            # Where we may, each browser runs as a user of its own.
            user = UserId.claim(settings.browser_uid) if os.geteuid() == 0 else None
            folder = tempfile.mkdtemp(prefix=f"jiomosa-{os.getpid()}-", dir=settings.runtime_dir)
            if user is not None:
                os.chown(folder, user.number, user.number)
            return cls(leftovers.marker(session_id, folder), folder, user)
        except OSError as error:
            if folder is not None:
                os.rmdir(folder)
            if user is not None:
                user.release()
            reason = f"A session's folder could not be made in {settings.runtime_dir} (RUNTIME_DIR): {error.strerror}."
            raise Unavailable(reason, code="no_folder") from error

    @property
    def uid(self) -> int | None:
        return self._user.number if self._user else None

    def give_back(self) -> None:
        """Have nothing left of it, whatever the end of the capture process was. Blocks."""
        leftovers.end(self.uid, self._mark)
        leftovers.remove_display_socket(self.folder)
        for _ in range(REMOVE_ATTEMPTS):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not os.path.exists(self.folder):
                break
            time.sleep(REMOVE_PAUSE_SECONDS)  # the kernel may still be ending what was killed
        os.close(self._lock)
        if self._user is not None:
            self._user.release()


def _in_use(folder: str) -> int:
    """The folder, open; while it is, it is seen to be in use, as a segment is by its maker's lock (`engine.segment`)."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)
    except BaseException:
        os.close(lock)
        raise
    return lock
