"""The limit of fan-out: one loop that gives as many bytes to as many sockets, in a process of its own, and nothing else.

    python -m bench.bare_fanout VIEWERS BYTES FPS SECONDS   writes "frames wall_seconds cpu_seconds"

What reads them is another process, which throws them away in the kernel, as `bench.load` does.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time

WARM_SECONDS = 0.5


def measure(viewers: int, size: int, fps: float, seconds: float) -> float:
    """CPU of the loop, % of a core. Raises RuntimeError where it does not keep up."""
    command = [sys.executable, "-m", "bench.bare_fanout", *map(str, (viewers, size, fps, seconds))]
    frames, wall, cpu = map(float, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    if frames < 0.95 * fps * wall:
        raise RuntimeError(f"a bare loop gets only {frames / wall:.1f} frames a second to {viewers} viewers")
    return 100 * cpu / wall


def _read(address: tuple[str, int], viewers: int) -> None:
    ready = select.epoll()
    connections = [socket.create_connection(address) for _ in range(viewers)]
    by_fd = {connection.fileno(): connection for connection in connections}
    for fd in by_fd:
        ready.register(fd, select.EPOLLIN)
    while by_fd:
        for fd, _ in ready.poll():
            if not by_fd[fd].recv(1 << 20, socket.MSG_TRUNC):
                ready.unregister(fd)
                by_fd.pop(fd).close()


def main() -> int:
    viewers, size, fps, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    with socket.create_server(("127.0.0.1", 0), backlog=viewers) as door:
        reader = os.fork()
        if reader == 0:
            _read(door.getsockname(), viewers)
            os._exit(0)
        connections = [door.accept()[0] for _ in range(viewers)]
    message = bytes(size)

    def loop(seconds: float) -> tuple[int, float, float]:
        begin, cpu, count = time.monotonic(), time.process_time(), 0
        while (now := time.monotonic()) - begin < seconds:
            if now < begin + count / fps:
                time.sleep(begin + count / fps - now)
            for connection in connections:
                connection.sendall(message)
            count += 1
        return count, time.monotonic() - begin, time.process_time() - cpu

    loop(WARM_SECONDS)
    print(*loop(seconds))
    for connection in connections:
        connection.close()
    os.waitpid(reader, 0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
