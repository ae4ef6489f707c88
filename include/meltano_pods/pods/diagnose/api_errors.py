"""Why the cluster rejected a request: from the API's answer to a category.

https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
"""

from __future__ import annotations

import json
import re

from meltano_runner.contract import Category

from meltano_pods.pods.diagnose.reasons import PodDiagnosis

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
"""Not known to the cluster; a namespace that does not exist (pods are created nowhere else)."""
_REJECTED_CODES = (400, 403, 422)
_NO_ANSWER = "no answer"


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
        """Whether whoever asked may not do so."""
        return self.status == _FORBIDDEN

    @property
    def is_outage(self) -> bool:
        """Whether it says nothing of the pod: the API is in trouble, or credentials expired."""
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
