"""Why the cluster rejected a request: from the API's answer to a category.

https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
"""

from __future__ import annotations

import json
import re
from contextlib import suppress

from meltano_runner.contract.categories import Category

from meltano_pods.pods.diagnose.diagnosis import PodDiagnosis
from meltano_pods.settings.types.resources import parse_quantity

UNAUTHORIZED = 401
_FORBIDDEN = 403
NOT_FOUND = 404
CONFLICT = 409
_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_RULES = (
    (Category.QUOTA_EXCEEDED, r"exceeded quota|failed quota|insufficient quota"),
    (
        Category.FORBIDDEN,
        r'(User|user) "[^"]*" cannot |Unauthorized|cannot set blockOwnerDeletion',
    ),
)
_FORBIDDEN_CODES = (UNAUTHORIZED, NOT_FOUND)
"""Unknown credentials; a namespace that does not exist (other things are not created)."""
_REJECTED_CODES = (400, 403, 422)
_NO_ANSWER = "no answer"
_QUOTA = re.compile(
    r"exceeded quota: [^,]+, requested: (?P<requested>.*), used: .*, limited: (?P<limited>.*)"
)
# Two pods count against one quota at the same moment; the server itself gives up too early.
_CONCURRENT_CHANGE = re.compile(r"Operation cannot be fulfilled on resourcequotas")


class ApiError(Exception):
    """A request that failed, whichever client made it.

    Args:
        status: The answer's code; None if there was no answer.
        reason: The answer's reason phrase, or why there was none.
        body: The answer's body, usually a Status object.
    """

    def __init__(
        self, status: int | None, reason: str | None = None, body: str | bytes | None = None
    ) -> None:
        super().__init__(status, reason)
        self.status = status or None
        self.reason = reason
        self.body = body

    def __str__(self) -> str:
        return f"{self.reason} (HTTP {self.status})" if self.status else str(self.reason)

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed a little later."""
        return self.status is None or self.status in _TRANSIENT

    @property
    def is_missing(self) -> bool:
        """Whether what the request names does not exist."""
        return self.status == NOT_FOUND

    @property
    def is_forbidden(self) -> bool:
        """Whether Airflow lacks the permission."""
        return self.status == _FORBIDDEN

    @property
    def is_outage(self) -> bool:
        """Whether the error is not about the pod: the API is in trouble, or credentials expired."""
        return self.is_transient or self.status == UNAUTHORIZED


def diagnose_api_error(error: ApiError) -> PodDiagnosis:
    """Return why a request failed: rejected, or not answered."""
    if error.status is None:
        return PodDiagnosis(Category.UNKNOWN, _NO_ANSWER, str(error.reason))
    word, message = _read_status(error.body, error.reason or _NO_ANSWER)
    text = f"{message} (HTTP {error.status})"
    for category, pattern in _RULES:
        if re.search(pattern, message):
            return PodDiagnosis(category, word, text)
    if error.status in _FORBIDDEN_CODES:
        return PodDiagnosis(Category.FORBIDDEN, word, text)
    if error.status in _REJECTED_CODES or "admission webhook" in message:
        return PodDiagnosis(Category.ADMISSION_DENIED, word, text)
    return PodDiagnosis(Category.UNKNOWN, word, text)


def can_pass(error: ApiError) -> bool:
    """Whether waiting can help where an object was not created.

    It cannot if the object alone exceeds a quota, or lacks a limit that the quota requires.
    https://kubernetes.io/docs/concepts/policy/resource-quotas/
    """
    if error.is_outage:
        return True
    diagnosis = diagnose_api_error(error)
    if error.status == CONFLICT:
        return _CONCURRENT_CHANGE.search(diagnosis.message) is not None
    found = _QUOTA.search(diagnosis.message)
    if diagnosis.category is not Category.QUOTA_EXCEEDED or found is None:
        return False
    requested, limited = (_read_amounts(found[part]) for part in ("requested", "limited"))
    with suppress(ValueError):
        return all(
            parse_quantity(amount) <= parse_quantity(limited.get(resource, amount))
            for resource, amount in requested.items()
        )
    return True


def _read_amounts(text: str) -> dict[str, str]:
    """Return `cpu=1,memory=2Gi` as a map."""
    pairs = (each.partition("=") for each in text.split(" (HTTP", maxsplit=1)[0].split(","))
    return {resource.strip(): amount.strip() for resource, _, amount in pairs}


def _read_status(body: str | bytes | None, reason: str) -> tuple[str, str]:
    """Return reason and message of a Status object, else what there is."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else (body or "")
    try:
        data = json.loads(text)
    except ValueError:
        return reason, text.strip() or reason
    if not isinstance(data, dict):
        return reason, text
    return str(data.get("reason") or reason), str(data.get("message") or reason)
