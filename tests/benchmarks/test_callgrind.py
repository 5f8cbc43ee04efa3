"""Reading what callgrind leaves."""

from __future__ import annotations

from collections import Counter

import pytest

from . import callgrind

LEFT = """\
version: 1
positions: line
events: Ir
summary: 151

ob=(1) /bin/program
fl=(1) main.rs
fn=(1) program::main
10 5
+2 1
cfn=(2) mi_malloc
calls=3 7
* 45
* 4

fn=(2)
7 45
cfi=(2) other.rs
cfn=(3) quoin_store::commit
calls=1 9
+1 96

fn=(3)
9 96
"""


def test_each_function_counts_for_itself() -> None:
    found = callgrind.by_function(LEFT)
    assert found == {"program::main": 10, "mi_malloc": 45, "quoin_store::commit": 96}
    assert sum(found.values()) == 151


def test_functions_belong_to_components() -> None:
    found = callgrind.by_component(callgrind.by_function(LEFT))
    allocation, own = "memory: allocation", "the platform's own"
    assert found == Counter({allocation: 45, own: 96, callgrind.REST: 10})


@pytest.mark.parametrize(
    ("function", "component"),
    [
        ("ring_core_0_17_14__sha256_block_data_order_avx", "hashes (SHA-256)"),
        ("ring_core_0_17_14__p256_point_mul", "signatures verified (ECDSA)"),
        ("<quoin_runtime::sigv4::Signer as Sign>::sign_http_request", "signing of calls"),
        ("_aesni_ctr32_ghash_6x", "TLS"),
        ("aws_smithy_json::escape::escape_string", "JSON of the SDK"),
        ("aws_smithy_runtime::client::orchestrator::try_attempt::{{closure}}", "calls by the SDK"),
        ("serde_json::ser::format_escaped_str", "JSON"),
        ("__memcpy_avx_unaligned_erms", "memory: copies and comparisons"),
        ("<core::hash::sip::Hasher<S> as core::hash::Hasher>::write", "hash maps"),
        ("quoin_store::execute::execute::{{closure}}", "the platform's own"),
        ("clock_gettime", callgrind.REST),
    ],
)
def test_names_are_known(function: str, component: str) -> None:
    assert callgrind.component(function) == component
