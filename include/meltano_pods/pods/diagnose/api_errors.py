"""Why the cluster refused a request: from the API's answer to a category.

https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from kubernetes.client.exceptions import ApiException
from meltano_runner.contract import Category

from meltano_pods.pods.diagnose.reasons import PodDiagnosis

if TYPE_CHECKING:
    from urllib3.exceptions import HTTPError

_RULES = (
    (Category.QUOTA_EXCEEDED, r"exceeded quota|failed quota|insufficient quota"),
    (
        Category.FORBIDDEN,
        r'(User|user) "[^"]*" cannot |Unauthorized|cannot set blockOwnerDeletion',
    ),
)
_FORBIDDEN_CODES = (401, 404)
"""Not known to the cluster; a namespace that does not exist (pods are created nowhere else)."""
_REFUSED_CODES = (400, 403, 422)
_NO_ANSWER = "no answer"


def diagnose_api_error(error: ApiException | HTTPError) -> PodDiagnosis:
    """Return why a request failed: refused, or not answered."""
    if isinstance(error, ApiException):
        return diagnose_response(error.status, error.reason, error.body)
    return PodDiagnosis(Category.UNKNOWN, _NO_ANSWER, str(error))


def diagnose_response(
    status: int | None, reason: str | None, body: str | bytes | None
) -> PodDiagnosis:
    """Return why the API did not create the pod.

    Args:
        status: The answer's code; None or 0 if there was no answer.
        reason: The answer's reason phrase.
        body: The answer's body, usually a Status object.
    """
    word, message = _status(body, reason or _NO_ANSWER)
    text = f"{message} (HTTP {status})" if status else message
    for category, pattern in _RULES:
        if re.search(pattern, message):
            return PodDiagnosis(category, word, text)
    if status in _FORBIDDEN_CODES:
        return PodDiagnosis(Category.FORBIDDEN, word, text)
    if status in _REFUSED_CODES or "admission webhook" in message:
        return PodDiagnosis(Category.ADMISSION_DENIED, word, text)
    return PodDiagnosis(Category.UNKNOWN, word, text)


def _status(body: str | bytes | None, reason: str) -> tuple[str, str]:
    """Return reason and message of a Status object, else what there is."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else (body or "")
    try:
        data = json.loads(text)
    except ValueError:
        return reason, text.strip() or reason
    if not isinstance(data, dict):
        return reason, text
    return str(data.get("reason") or reason), str(data.get("message") or reason)
