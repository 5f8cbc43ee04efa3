"""The deployed platform, with IAM enforced and retries a second apart, shared by every flow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from client import Contract, Feed, Platform, User
from local import deployment, paths, server

SCHEDULE = "1,1,1,1,1"


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Deployed afresh, or as QUOIN_OUTPUTS says; every answer is held against the contract."""
    contract = Contract.from_file(paths.ROOT / "docs" / "openapi.json")
    if given := os.environ.get("QUOIN_OUTPUTS"):
        yield Platform.from_file(Path(given), contract)
        return
    folder = tmp_path_factory.mktemp("flows")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "STATE", folder / "emulator.json")
        patch.setattr(paths, "OUTPUTS", folder / "outputs.json")
        patch.setattr(paths, "LOGS", paths.LOCAL / "logs-flows")
        patch.setattr(paths, "TEMPORARY", folder / "tmp")
        patch.setenv("QUOIN_RECORD", "1")
        emulator = server.start(auth=True)
        try:
            parameters = {"BetCancelSeconds": "3600", "MerchantAskSeconds": "1"}
            # What tests call for themselves; SAM splits at spaces that are not quoted.
            called = ("CashbackSchedule", "VerifySchedule", "WarehouseSchedule")
            parameters |= dict.fromkeys(called, '"rate(30 days)"')
            deployment.deploy(emulator, {"RetrySchedule": SCHEDULE} | parameters)
            yield Platform(deployment.write_outputs(emulator), contract)
        finally:
            server.stop()


@pytest.fixture
def user(platform: Platform) -> User:
    return User(platform)


@pytest.fixture
def feed(platform: Platform) -> Feed:
    return Feed(platform)


# What looks at every item after each test comes first, while there are few. What proves that
# all is in order comes before what writes to the journal, or puts on the bus, what no service does.
ORDER = {
    "test_isolation.py": 0,
    "test_hostile.py": 0,
    "test_erasure.py": 1,
    "test_verify.py": 2,
    "test_fulfilment.py": 2,
    "test_audit_log.py": 3,
    "test_privacy.py": 5,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: ORDER.get(item.path.name, 4))
