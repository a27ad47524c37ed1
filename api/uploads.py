"""Files that viewers upload for a page that asks for them: streamed to the session's folder, handed over, gone with the session.

The folder is its browser's, which may try to have us write elsewhere: so nothing in it is followed. Each upload gets a folder
that we make and own, reached by descriptor alone, in which the browser may read and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator

from quart import Blueprint, Request, Response, request
from quart_schema import document_response, tag
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from api.front import Front
from api.models import ErrorModel, FileGiven
from api.request import answer
from api.session import Session
from engine.errors import BadRequest, Conflict, NotFound, Unavailable
from engine.exchange import FileAsked, GiveFiles
from engine.identity import CONTROL

UPLOAD = re.compile(r"/api/session/[^/]+/files/[^/]+")
MOST_FILES = 32  # of one answer
LONGEST_NAME = 120  # characters


def request_class(limit: int) -> type[Request]:
    """Requests whose bodies may have `limit` bytes where they are uploads."""

    class Uploading(Request):
        def __init__(self, method: str, scheme: str, path: str, *arguments: object, **options: object) -> None:
            if UPLOAD.fullmatch(path):
                options["max_content_length"] = limit
            super().__init__(method, scheme, path, *arguments, **options)  # type: ignore[arg-type]

    return Uploading


def routes(front: Front) -> Blueprint:
    """The endpoints of uploads, acting on `front`."""
    uploads = Blueprint("uploads", __name__)
    limit = front.settings.max_upload * 1_000_000

    @uploads.post("/api/session/<id>/files/<asked>")
    @tag(["files"])
    @document_response(FileGiven)
    @document_response(ErrorModel, 400)
    @document_response(ErrorModel, 404)
    @document_response(ErrorModel, 413)
    async def session_files(id: str, asked: str) -> Response:
        """Give a page the file, or files, that its `file` event asked for.

        The body is multipart/form-data, as of an HTML form; or the bare file, whose name is `?name=`.
        """
        session = await front.login.session(id, CONTROL)
        wanted = _asked(session, asked)
        folder = Folder(session.exchange.folder)
        try:
            names = await _receive(folder, limit, MOST_FILES if wanted.multiple else 1)
            paths = tuple(folder.path(name) for name in names)
            await session.inject(lambda token: GiveFiles(token, asked, paths))
        except BaseException:
            folder.remove()
            raise
        finally:
            folder.close()
        session.exchange.file_answered(asked)
        return answer(FileGiven(True, session.id, names))

    @uploads.delete("/api/session/<id>/files/<asked>")
    @tag(["files"])
    @document_response(FileGiven)
    @document_response(ErrorModel, 404)
    async def session_files_refuse(id: str, asked: str) -> Response:
        """Give a page no file; its viewers need not be asked any more."""
        session = await front.login.session(id, CONTROL)
        _asked(session, asked)
        session.exchange.file_answered(asked)
        return answer(FileGiven(True, session.id, []))

    return uploads


def _asked(session: Session, asked: str) -> FileAsked:
    found = session.exchange.files.get(asked)
    if found is None:
        raise NotFound(f"No page of this session asks for a file by the id {asked[:64]!r} any more.")
    return found


async def _receive(folder: Folder, limit: int, most: int) -> list[str]:
    """The files of the present request, at most so many, into `folder`; their names."""
    if (request.mimetype or "") == "multipart/form-data":
        names = await _parts(folder, limit, request.mimetype_params.get("boundary", ""))
    else:
        name = safe_name(request.args.get("name", "file"))
        with folder.file(name) as fd:
            async for data in _body(limit):
                await asyncio.to_thread(write, fd, data)
        names = [name]
    if not names:
        raise BadRequest("The request has no file: send multipart/form-data with one, or a bare file with `?name=`.")
    if len(names) > most:
        raise BadRequest(f"That are {len(names)} files, and the page takes {most}.")
    return names


async def _parts(folder: Folder, limit: int, boundary: str) -> list[str]:
    if not boundary:
        raise BadRequest("The multipart/form-data has no boundary.")
    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), max_form_memory_size=None, max_parts=MOST_FILES)
    names: list[str] = []
    with contextlib.ExitStack() as opened:
        fd: int | None = None
        async for data in _ending(_body(limit)):
            try:
                decoder.receive_data(data)
                while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
                    if isinstance(event, File):
                        name = safe_name(event.filename or "file")
                        while name in names:
                            name = f"_{name}"
                        names.append(name)
                        fd = opened.enter_context(folder.file(name))
                    elif isinstance(event, Field):
                        fd = None
                    elif isinstance(event, Data) and fd is not None:
                        await asyncio.to_thread(write, fd, event.data)
            except ValueError as error:
                raise BadRequest(f"The multipart/form-data is not right: {error}.") from None
            if data is None:
                break
    return names


async def _ending(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes | None]:
    async for chunk in chunks:
        yield chunk
    yield None


async def _body(limit: int) -> AsyncIterator[bytes]:
    taken = 0
    async for data in request.body:
        taken += len(data)
        if taken > limit:
            raise BadRequest(f"The upload has more than {limit // 1_000_000} MB (MAX_UPLOAD).")
        yield data


def safe_name(name: str) -> str:
    """The last part of what a client calls a file, without what a file system could take for more than a name."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(character for character in last if character.isprintable()).strip(". ")[-LONGEST_NAME:]
    return kept or "file"


def write(fd: int, data: bytes) -> None:
    """All of it. Raises `Unavailable` where the disk is full."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError as error:
        raise Unavailable(f"The file could not be kept: {error.strerror}.", code="full") from None


class Folder:
    """A new folder in the folder `home` of a session's browser."""

    def __init__(self, home: str) -> None:
        self.name = f"upload-{secrets.token_hex(8)}"
        self._home_path = home
        self._home = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            os.mkdir(self.name, 0o755, dir_fd=self._home)
            self._fd = os.open(self.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=self._home)
        except OSError as error:
            os.close(self._home)
            raise Unavailable(f"The file could not be kept: {error.strerror}.") from None
        if os.fstat(self._fd).st_uid != os.geteuid():  # the browser has put another in its place
            self.close()
            raise Conflict("The folder for the file was taken away; try again.")
        os.fchmod(self._fd, 0o755)

    @contextlib.contextmanager
    def file(self, name: str) -> Iterator[int]:
        """The descriptor of a new file in it."""
        try:
            fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644, dir_fd=self._fd)
        except OSError as error:
            raise BadRequest(f"The file cannot be called {name!r}: {error.strerror}.") from None
        try:
            os.fchmod(fd, 0o644)
            yield fd
        finally:
            os.close(fd)

    def path(self, name: str) -> str:
        return os.path.join(self._home_path, self.name, name)

    def remove(self) -> None:
        with contextlib.suppress(OSError):
            for name in os.listdir(self._fd):
                os.unlink(name, dir_fd=self._fd)
            os.rmdir(self.name, dir_fd=self._home)

    def close(self) -> None:
        with contextlib.suppress(AttributeError):
            os.close(self._fd)
        os.close(self._home)
