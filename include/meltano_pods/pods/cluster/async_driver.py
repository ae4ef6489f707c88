"""Performs the steps of a pod's life in the triggerer, concurrently with many others."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self, TypeVar

from aiohttp import ClientError
from kubernetes_asyncio.client import CoreV1Api
from kubernetes_asyncio.client.exceptions import ApiException

from meltano_pods.pods.cluster.calls import REQUEST_TIMEOUT, build_call, read_answer, read_error
from meltano_pods.pods.diagnose.api_errors import UNAUTHORIZED, ApiError
from meltano_pods.pods.lifecycle.actions import Pause, ReadClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from kubernetes_asyncio.client import ApiClient

    from meltano_pods.pods.lifecycle.actions import Action, Steps

_T = TypeVar("_T")


class AsyncClusterDriver:
    """Performs steps in one namespace, over one connection; to be used with `async with`.

    It relays no logs: the steps that run in the triggerer read none.

    Args:
        connect: Connects, with the credentials as they are at that moment.
        namespace: The namespace.
    """

    def __init__(
        self, connect: Callable[[], AbstractAsyncContextManager[ApiClient]], namespace: str
    ) -> None:
        self._connect = connect
        self._namespace = namespace
        self._connection = AsyncExitStack()
        self._connected: ApiClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._disconnect()

    async def drive(self, steps: Steps[_T]) -> _T:
        """Perform steps and return their result.

        Raises:
            ApiError: The steps let one through.
        """
        try:
            action = next(steps)
            while True:
                try:
                    answer = await self.perform(action)
                except ApiError as error:
                    action = steps.throw(error)
                else:
                    action = steps.send(answer)
        except StopIteration as end:
            result: _T = end.value
            return result
        finally:
            steps.close()

    async def perform(self, action: Action) -> Any:  # noqa: ANN401 - as the actions
        """Perform one action.

        Raises:
            ApiError: Rejected, or not answered.
        """
        match action:
            case Pause(seconds):
                await asyncio.sleep(seconds)
                return None
            case ReadClock():
                return time.time()
        try:
            return await self._request(action)
        except ApiError as error:
            if error.status != UNAUTHORIZED:
                return read_error(action, error)
        await self._disconnect()
        try:
            return await self._request(action)
        except ApiError as error:
            return read_error(action, error)

    async def _request(self, action: Action) -> Any:  # noqa: ANN401 - as the actions
        method, arguments, options = build_call(action, self._namespace)
        try:
            if self._connected is None:
                self._connected = await self._connection.enter_async_context(self._connect())
            to_plain = self._connected.sanitize_for_serialization
            call = getattr(CoreV1Api(self._connected), method)
            answer = await call(*arguments, **options, _request_timeout=REQUEST_TIMEOUT)
        except ApiException as error:
            raise ApiError(error.status, error.reason, error.body) from error
        except (ClientError, TimeoutError) as error:
            raise ApiError(None, str(error) or type(error).__name__) from error
        return read_answer(action, answer, to_plain)

    async def _disconnect(self) -> None:
        self._connected = None
        connection, self._connection = self._connection, AsyncExitStack()
        await connection.aclose()
