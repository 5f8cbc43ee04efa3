"""Access tokens that must not be believed, each wrong in one way only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from client import Platform
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

HOUR = 3600


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(data: dict[str, Any]) -> str:
    return encode(json.dumps(data).encode())


def read(text: str) -> dict[str, Any]:
    return json.loads(base64.urlsafe_b64decode(text + "=="))


def raw(der: bytes) -> bytes:
    """An ECDSA signature as JWS has it."""
    return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der))


class Forger:
    """Makes tokens from a good one, with the platform's own key where the signature is to hold."""

    def __init__(self, platform: Platform, token: str) -> None:
        self.platform = platform
        header, claims, self.signature = token.split(".")
        self.header, self.claims = read(header), read(claims)
        self.own = ec.generate_private_key(ec.SECP256R1())

    def signed(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token that KMS signed: only what it claims can be wrong."""
        message = f"{part(header or self.header)}.{part(self.claims | claims)}"
        answer = self.platform.aws("kms").sign(
            KeyId=self.platform.outputs["stack"]["IdentityKeyId"],
            Message=hashlib.sha256(message.encode()).digest(),
            MessageType="DIGEST",
            SigningAlgorithm="ECDSA_SHA_256",
        )
        return f"{message}.{encode(raw(answer['Signature']))}"

    def with_own_key(self, **claims: Any) -> str:
        """Signed with a key that the header itself brings along."""
        numbers = self.own.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": "P-256"} | {
            name: encode(number.to_bytes(32, "big"))
            for name, number in (("x", numbers.x), ("y", numbers.y))
        }
        message = f"{part(self.header | {'jwk': jwk})}.{part(self.claims | claims)}"
        signature = self.own.sign(message.encode(), ec.ECDSA(hashes.SHA256()))
        return f"{message}.{encode(raw(signature))}"

    def with_public_key_as_secret(self, **claims: Any) -> str:
        """HS256 with what everybody may know of the key."""
        (jwk,) = self.platform.get("/.well-known/jwks.json").expect(200)["keys"]
        message = f"{part(self.header | {'alg': 'HS256'})}.{part(self.claims | claims)}"
        secret = base64.urlsafe_b64decode(jwk["x"] + "==")
        return f"{message}.{encode(hmac.new(secret, message.encode(), hashlib.sha256).digest())}"

    def tokens(self, victim: str) -> dict[str, str]:
        header, now = part(self.header), int(time.time())
        another = {"sub": victim, "roles": ["user", "operator"]}
        claims, none = part(self.claims | another), part({"alg": "none", "typ": "JWT"})
        return {
            "nonsense": "nonsense",
            "another's claims": f"{header}.{claims}.{self.signature}",
            "altered signature": f"{header}.{part(self.claims)}.{self.signature[:-4]}AAAA",
            "no signature": f"{header}.{claims}.",
            "alg none": f"{none}.{claims}.",
            "alg none with signature": f"{none}.{claims}.{self.signature}",
            "public key as secret": self.with_public_key_as_secret(**another),
            "own key in the header": self.with_own_key(**another),
            "expired": self.signed(exp=now - 1),
            "not begun": self.signed(nbf=now + HOUR, exp=now + 2 * HOUR),
            "of another issuer": self.signed(iss="elsewhere"),
            "for another audience": self.signed(aud="elsewhere"),
        }
