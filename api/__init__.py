"""The front: REST, Socket.IO, viewers, and the pages in api/web/."""
