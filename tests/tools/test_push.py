"""The registry of `make push`, and what to do when a push fails."""

from __future__ import annotations

import pytest

from tools.cluster.errors import ClusterError
from tools.images.push import check_registry, explain_push


@pytest.mark.parametrize("registry", ["ghcr.io/acme", "localhost:5001", "r.example:5000/a/b/"])
def test_a_registry(registry: str) -> None:
    assert check_registry(registry) == registry.rstrip("/")


@pytest.mark.parametrize(
    ("registry", "what", "fix"),
    [
        ("", "needs the registry", "Example: make push REGISTRY=ghcr.io/acme"),
        ("localhost:5001/Acme", "capital letters", "make push REGISTRY=localhost:5001/acme"),
        ("https://ghcr.io/acme", "a scheme", "make push REGISTRY=ghcr.io/acme"),
        ("ghcr.io/acme:1", "a tag, which TAG= sets", "make push REGISTRY=ghcr.io/acme"),
        ("a b", "allowed are", "Example: make push REGISTRY=ghcr.io/acme"),
        ("-x; rm", "allowed are", "Example: make push REGISTRY=ghcr.io/acme"),
    ],
)
def test_what_is_not_a_registry_is_explained(registry: str, what: str, fix: str) -> None:
    with pytest.raises(ClusterError) as raised:
        check_registry(registry)
    assert what in raised.value.what
    assert raised.value.fix == fix


@pytest.mark.parametrize(
    ("detail", "fix"),
    [
        ("dial tcp 127.0.0.1:5999: connect: connection refused", "Nothing answers at r:5999"),
        ("dial tcp: lookup r on 10.0.0.2:53: no such host", "Nothing answers at r:5999"),
        ("http: server gave HTTP response to HTTPS client", "does not trust r:5999"),
        ("denied: requested access to the resource is denied", "docker login r:5999"),
        ("unauthorized: authentication required", "docker login r:5999"),
    ],
)
def test_a_failed_push(detail: str, fix: str) -> None:
    assert fix in explain_push("r:5999", detail)
