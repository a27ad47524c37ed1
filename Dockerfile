# syntax=docker/dockerfile:1
# Jiomosa on Debian, as a user without rights, set up by the same script and lock as `make serve`. compose.yaml runs it as it should be run:
#
#   docker compose up --build
#
# By hand, the same:
#
#   docker build -t jiomosa .
#   docker run --rm -p 127.0.0.1:5000:5000 --shm-size=1g --security-opt seccomp=docs/deploy/seccomp.json jiomosa
#
# --shm-size  Pictures pass between processes in /dev/shm: about 15 MB a session at 1280x720, 130 MB at 3840x2160. Docker's own
#             64 MB hold two or three sessions.
# --security-opt seccomp=...
#             Chromium's sandbox begins with a user namespace, which Docker's default profile forbids to all but CAP_SYS_ADMIN.
#             docs/deploy/seccomp.json says what it allows and why. On hosts whose AppArmor restricts user namespaces (Ubuntu 24.04)
#             add --security-opt apparmor=unconfined.
#             The other way is -e BROWSER_SANDBOX=0, for pages that you trust only.
#
# Is all well?   docker run --rm --shm-size=1g --security-opt seccomp=docs/deploy/seccomp.json jiomosa doctor

# ---- the Python packages, at the place where they will be run: a virtual environment knows its path
FROM debian:bookworm-slim AS packages
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/*
COPY .ci/setup .ci/setup
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY engine engine
COPY api api
COPY capture capture
COPY encoder encoder
COPY docs/examples/python docs/examples/python
RUN --mount=type=cache,target=/root/.cache/pip .ci/setup runtime \
    && .venv/bin/python -m compileall -q engine api capture encoder docs/examples/python

# ---- what runs: browser, fonts for the world's scripts and emoji, and the above; no pip, no compiler
FROM debian:bookworm-slim
WORKDIR /app
# tini, as the first process, reaps what Chromium's helpers leave to it.
COPY .ci/setup .ci/setup
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates tini python3 \
    && .ci/setup system \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home jiomosa \
    && install -d -m 1777 /tmp/.X11-unix
COPY --from=packages /app /app
# Where the container forbids its users namespaces, browsers have these policies of the image; else their own, which are the same.
RUN install -d /etc/chromium/policies/managed \
    && .venv/bin/python -B -m capture.policies > /etc/chromium/policies/managed/jiomosa.json

USER jiomosa
# Inside its container it has to listen on all addresses, and cannot see who reaches them: hence AUTH=none, and -p 127.0.0.1 above.
ENV HOST=0.0.0.0 AUTH=none PORT=5000 PYTHONDONTWRITEBYTECODE=1
EXPOSE 5000
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD [".venv/bin/python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health', timeout=4)"]
ENTRYPOINT ["tini", "--", "/app/.venv/bin/jiomosa"]
CMD ["serve"]
