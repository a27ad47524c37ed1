"""Input that real capture processes give to a real Chromium: it lands on the right pixel, in the right element, in the right order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio

from bench import site as bench_site
from engine.messages import BadRequest  # placeholder
