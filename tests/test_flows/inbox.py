"""The sandbox's message providers: what they took, and how they are made to fail."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

from client import Platform, User


def credential(platform: Platform) -> dict[str, str]:
    manager = platform.aws("secretsmanager")
    secret = manager.get_secret_value(SecretId=platform.outputs["stack"]["SandboxSecretArn"])
    return {"authorization": f"Bearer {secret['SecretString']}"}


def messages(platform: Platform, to: str, about: str = "") -> list[dict[str, Any]]:
    """What a recipient was sent that has `about` in it, newest first."""
    path = f"/sandbox/messages?limit=100&to={quote(to, safe='')}"
    items = platform.get(path, headers=credential(platform)).expect(200)["items"]
    return [one for one in items if about in one["text"] + one.get("subject", "")]


def fail_next(platform: Platform, channel: str, times: int, status: int = 503) -> None:
    body = {"channel": channel, "fail_next": times, "status": status}
    platform.put("/sandbox/behaviour", body, headers=credential(platform)).expect(200)


def with_device(user: User) -> str:
    """Registers a device for push messages, and gives its token."""
    token = f"device-{uuid.uuid4().hex}"
    user.put("/api/notifications/preferences", {"push_token": token}).expect(200)
    return token
