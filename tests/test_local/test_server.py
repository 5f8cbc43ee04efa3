"""Starting and stopping: loopback only, one at a time, nothing left behind."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

import pytest
from local import paths, server


def _listening(pids: set[int]) -> set[str]:
    """Addresses (hexadecimal, as the kernel prints them) that these processes listen on."""
    inodes = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                target = str(descriptor.readlink())
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                found.add(fields[1].split(":")[0])
    return found


def _group(leader: int) -> set[int]:
    members = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getpgid(int(entry.name)) == leader:
                    members.add(int(entry.name))
            except ProcessLookupError:
                continue
    return members


def test_a_stack_listens_on_loopback_refuses_a_second_and_ends_whole(apart: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((server.HOST, server.PREFERRED_PORT))
            taken.listen()
        except OSError:
            pass  # somebody else holds the preferred port: just as good
        running = server.start()
    assert running.port != server.PREFERRED_PORT
    assert _listening(_group(running.pid)) == {"0100007F"}
    with pytest.raises(server.LocalStackError):
        server.start()
    assert server.stop()
    assert _group(running.pid) == set()
    assert not paths.STATE.exists() and not paths.TEMPORARY.exists()
    assert not server.stop()
