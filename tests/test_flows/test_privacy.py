"""A person's data is in the clear nowhere but with its owner and the provider that delivers it.

Runs after all other flows, on everything that they made the platform store, send, publish and log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from client import Platform, User, eventually
from local import emulator, paths
from stored import items

# Every person of the tests has a name, an address and a password with one of these in it.
PERSONAL = re.compile(
    r"Jane Doe|Wilhelmina|@example\.com|correct horse"
    r"|ses_[0-9a-f]{32}\.[\w-]+"  # a refresh token
    r"|eyJ[\w-]+\.eyJ[\w-]+\."  # an access token
)
PHONE = re.compile(r"9198\d{8}")


def finder() -> Callable[[str], list[str]]:
    """Finds what is personal in a text, or opens a session."""
    phones = {person["phone"].removeprefix("+") for person in User.registered if "phone" in person}
    return lambda text: [*PERSONAL.findall(text), *phones.intersection(PHONE.findall(text))]


def recorded() -> Iterator[tuple[str, str]]:
    """Every request that changed a table, a queue or the bus; but not the sandbox's own table."""
    for file in paths.LOGS.glob(f"{emulator.RECORDED}*"):
        with file.open(errors="replace") as lines:
            yield from ((file.name, line) for line in lines if "SandboxTable-" not in line)


def exported(platform: Platform) -> Iterator[tuple[str, str]]:
    """Every object of the warehouse, once everything that is staged has been written into it."""
    name = f"quoin-{platform.outputs['stage']}-warehouse-export"
    platform.aws("lambda").invoke(FunctionName=name, Payload=b"{}")
    bucket, store = platform.outputs["stack"]["WarehouseBucket"], platform.aws("s3")
    for page in store.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for key in (entry["Key"] for entry in page.get("Contents", [])):
            yield key, store.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def logged() -> Iterator[tuple[str, str]]:
    for file in paths.LOGS.glob("quoin-*.log"):
        with file.open(errors="replace") as lines:
            yield from ((file.name, line) for line in lines)


@pytest.fixture(scope="module", autouse=True)
def person(platform: Platform) -> User:
    """Somebody who was told something, whatever other tests ran."""
    one = User(platform, full_name="Wilhelmina Featherstonehaugh").funded(10)
    eventually(lambda: one.get("/api/notifications").expect(200)["items"])
    return one


def test_nothing_personal_is_stored_in_the_clear(platform: Platform) -> None:
    find, seen = finder(), list(items(platform))
    assert any("UserRegistered" in text for _, text in seen)
    assert [(place, found) for place, text in seen if (found := find(text))] == []


def test_nothing_personal_is_exported_in_the_clear(platform: Platform) -> None:
    find, seen = finder(), list(exported(platform))
    assert any("event=UserRegistered" in key for key, _ in seen)
    assert [(key, found) for key, text in seen if (found := find(text))] == []


def test_nothing_personal_is_sent_or_published_in_the_clear() -> None:
    find, places, wrong = finder(), set(), []
    for place, text in recorded():
        places.add(place)
        wrong += [(place, found) for found in find(text)]
    if not places:
        pytest.skip("this stack does not record its requests")
    assert wrong == []
    assert places == {f"{emulator.RECORDED}{service}.log" for service in emulator.RECORDED_SERVICES}


def test_nothing_personal_is_logged() -> None:
    find, functions, wrong = finder(), set(), []
    for place, text in logged():
        functions.add(place)
        wrong += [(place, found) for found in find(text)]
    assert any("register-user" in name for name in functions)
    assert wrong == []


def test_the_note_of_a_transfer_is_kept_for_the_payee_alone(platform: Platform) -> None:
    payer, payee = User(platform).funded(10), User(platform)
    body = {"to_user_id": payee.user_id, "asset": "cash", "amount": 1, "note": "Marmalade & sand"}
    done = payer.post("/api/wallets/me/transfers", body, key="n").expect(201)
    assert payer.post("/api/wallets/me/transfers", body, key="n").expect(201) == done
    other = payer.post("/api/wallets/me/transfers", body | {"note": "Marmalade"}, key="n")
    other.problem(422, "IDEMPOTENCY_KEY_REUSED")
    seen = eventually(
        lambda: [text for table, text in items(platform) if done["transfer_id"] in text],
        lambda texts: len(texts) > 3,
    )
    sealed = [text for text in seen if "enc:v1:" in text]
    assert any('\\"note\\"' in text for text in sealed)
    assert [text for _, text in items(platform) if "Marmalade" in text] == []
    assert any("create-transfer" in name for name, _ in logged())
    assert [name for name, text in logged() if "Marmalade" in text] == []
    nobody = body | {"to_user_id": "user_nobody"}
    payer.post("/api/wallets/me/transfers", nobody, key="o").problem(422, "NOTE_UNDELIVERABLE")
    assert (payer.balance(), payee.balance()) == (9, 1)
