"""A local stack of the test's own: its files, its port and its processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from local import paths, server


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keeps the files of a stack that may be running out of the test's way."""
    folder = tmp_path_factory.mktemp("local")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "STATE", folder / "emulator.json")
        patch.setattr(paths, "OUTPUTS", folder / "outputs.json")
        patch.setattr(paths, "LOGS", folder / "logs")
        patch.setattr(paths, "TEMPORARY", folder / "tmp")
        yield folder
        server.stop()


@pytest.fixture(scope="module")
def emulator(apart: Path) -> server.Server:
    return server.start(auth=True)
