"""What callgrind leaves: instructions by function, and by the component that a function is of."""

from __future__ import annotations

import re
from collections import Counter

NAMED = re.compile(r"^(c?fn)=\((\d+)\)(?: (.*))?$")
COST = re.compile(r"^(?:[+-]?\d+|\*) (\d+)$")

# The first that fits. A function that was put into its caller counts as a part of that.
COMPONENTS = [
    ("hashes (SHA-256)", r"sha256|ring::digest|quoin_digest"),
    ("signatures verified (ECDSA)", r"ecdsa|nistz256|p256|suite_b|es256|bn_|limbs"),
    ("signing of calls", r"sigv4|ring::hmac|aws_sigv4"),
    ("TLS", r"rustls|aesni|ghash|gcm|chacha|poly1305|ring_core|ring::"),
    ("memory: allocation", r"(^|<)_?mi_|malloc|__rust_(re|de)?alloc|(^|_)free$|raw_vec|RawVec"),
    ("memory: copies and comparisons", r"^_?_?mem(cpy|move|set|cmp|chr)"),
    ("JSON of the SDK", r"aws_smithy_json|protocol_serde"),
    ("calls by the SDK", r"aws_(smithy|sdk|runtime|types|credential)"),
    ("JSON", r"serde"),
    ("HTTP and sockets", r"hyper|http|^h1|tokio|mio::|futures|tower|Pooled"),
    ("Lambda's runtime", r"lambda_runtime"),
    ("hash maps", r"hashbrown|core::hash|std::hash|HashMap|hash_one"),
    ("the platform's own", r"quoin|wallet_command|place_bet|publisher|authorizer"),
    ("texts and numbers", r"core::(fmt|str|num)|alloc::(string|fmt|str)|rust_decimal|fmt"),
]
REST = "the rest"


def by_function(text: str) -> Counter[str]:
    """Instructions of each function itself, without what it calls."""
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    current, is_call = "", False
    for line in text.splitlines():
        if named := NAMED.match(line):
            kind, number, name = named.groups()
            name = names.setdefault(number, name or "")
            if kind == "fn":
                current = name
        elif line.startswith("calls="):
            # The next line is what the called one takes, which counts for itself.
            is_call = True
        elif cost := COST.match(line):
            if not is_call:
                counts[current] += int(cost[1])
            is_call = False
    return counts


def component(function: str) -> str:
    return next((name for name, part in COMPONENTS if re.search(part, function)), REST)


def by_component(counts: Counter[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for function, count in counts.items():
        found[component(function)] += count
    return found
