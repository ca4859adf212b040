"""Cases made by schemathesis from the OpenAPI document, sent to the API inside this process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.authorisation.databases import undone
from tests.authorisation.people import OUTSIDE

Operation = APIOperation[Any, Any, Any, Any]
CASES = int(os.environ.get("FUZZ_CASES", "2"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_application = get_wsgi_application()
# All that is not expected of a server: 501 says that the operator has not set something up, and
# 502 that a provider did not answer, which none does in a test.
BROKEN = {500, 503, 504}


def operations(tag: str) -> Iterator[Operation]:
    """Return the operations of one tag of the document."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    loaded = schemathesis.openapi.from_dict(document, config=SchemathesisConfig())
    loaded.app = application
    for result in loaded.include(tag=tag).get_all_operations():
        yield result.ok()


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Stand where a server stands: it always knows the address of the caller."""
    return _application({**environ, "REMOTE_ADDR": OUTSIDE}, start_response)


@contextmanager
def connections_kept() -> Iterator[None]:
    """Stay inside the test's transactions, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def tags() -> list[str]:
    """Return every tag of the document."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    verbs = [operation for path in document["paths"].values() for operation in path.values()]
    return sorted({tag for operation in verbs for tag in operation["tags"]})


def faults_of(
    operation: Operation, *, headers: dict[str, str], path: dict[str, str]
) -> tuple[int, list[str]]:
    """Send cases to an operation; return how many, and what was wrong with the answers.

    ``path`` holds ids of the caller's own things: half of the cases use them, so that what
    lies behind the look-up is reached too.
    """
    sent, faults = 0, []
    for mode in MODES:
        for given_path in ({}, path) if path else ({},):
            for fault in _run(operation, mode, headers, given_path):
                sent += 1
                faults += [fault] if fault else []
    return sent, faults


def _run(
    operation: Operation, mode: Any, headers: dict[str, str], path: dict[str, str]
) -> list[str]:
    outcomes: list[str] = []

    @seed(SEED)
    @settings(
        max_examples=CASES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=path or None))
    def send(case: Any) -> None:
        with undone():
            outcomes.append(_fault(case, headers))

    try:
        send()
    except Exception as error:
        if type(error).__name__ not in {"Unsatisfiable", "SkipTest"}:
            raise
    return outcomes


def _fault(case: Any, headers: dict[str, str]) -> str:
    with connections_kept():
        response = case.call(headers=headers)
    said = f"{case.method} {case.path} -> {response.status_code} {response.text[:300]}"
    if response.status_code in BROKEN:
        return f"server error: {said}\n{case.as_curl_command()[:600]}"
    try:
        case.validate_response(response, checks=CHECKS)
    except FailureGroup as failure:
        return f"{'; '.join(map(str, failure.exceptions))}\n{said}"[:1500]
    return ""
