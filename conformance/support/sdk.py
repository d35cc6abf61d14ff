"""The official Python SDK, as it is: one callable per client, so that a story reads the same with every one of them."""

import asyncio
import importlib
import json

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.common.retry import StandardRetryer

VERSIONS = {
    "redis": "2018-04-12",
    "region": "2022-06-27",
    "tag": "2018-08-13",
    "sts": "2018-08-13",
    "api": "2020-11-06",
    "cam": "2019-01-16",
    "cvm": "2017-03-12",
}
REGION = "ap-guangzhou"


class Retryer(StandardRetryer):
    """As the SDK's own, which in this version raises an earlier refusal even when the last attempt went well."""

    def send_request(self, fn):
        for left in reversed(range(self._max_attempts)):
            try:
                return fn()
            except TencentCloudSDKException as refusal:
                if not left or not self.should_retry(None, refusal):
                    raise


def profile(server, *, sign="TC3-HMAC-SHA256", method="POST", language="en-US", apigw=None, breaker=False, **http):
    """A profile that reaches the server; `http` overrides what HttpProfile takes."""
    transport = {"protocol": "http", "reqMethod": method, "reqTimeout": 30} | http
    http_profile = HttpProfile(**{"endpoint": server.endpoint} | transport if server else transport)
    http_profile.apigw_endpoint = apigw
    return ClientProfile(
        signMethod=sign, httpProfile=http_profile, language=language, disable_region_breaker=not breaker
    )


def _module(service: str, name: str):
    return importlib.import_module(f"tencentcloud.{service}.v{VERSIONS[service].replace('-', '')}.{name}")


def client(server, service="redis", *, region=REGION, key=None, kind="client", **settings):
    """The SDK's own client object; `key` replaces the server's key pair."""
    credential = Credential(*(key or (server.secret_id, server.secret_key)))
    module = _module(service, f"{service}_{kind}")
    return getattr(module, f"{service.capitalize()}Client")(credential, region, profile(server, **settings))


class Sdk:
    """Calls actions by name with the SDK's request models and answers what its response model holds, None included."""

    def __init__(self, server, service="redis", **settings):
        self.service = service
        self.client = client(server, service, **settings)

    def __call__(self, action: str, **parameters) -> dict:
        return json.loads(getattr(self.client, action)(self._request(action, parameters)).to_json_string())

    def raw(self, action: str, parameters: dict, **options) -> dict:
        """The same without models: whatever the caller says goes onto the wire."""
        return self.client.call_json(action, parameters, options=options)["Response"]

    def _request(self, action: str, parameters: dict):
        request = getattr(_module(self.service, "models"), f"{action}Request")()
        request.from_json_string(json.dumps(parameters))
        return request


class AsyncSdk(Sdk):
    """The same with the asynchronous client, on an event loop of its own."""

    def __init__(self, server, service="redis", **settings):
        super().__init__(server, service, kind="client_async", **settings)
        self.loop = asyncio.new_event_loop()

    def __call__(self, action: str, **parameters) -> dict:
        return self.at_once([(action, parameters)])[0]

    def at_once(self, calls: list) -> list:
        """All of these pairs of action and parameters concurrently."""

        async def everything():
            sent = [getattr(self.client, action)(self._request(action, parameters)) for action, parameters in calls]
            return await asyncio.gather(*sent)

        return [json.loads(answer.to_json_string()) for answer in self.loop.run_until_complete(everything())]

    def close(self) -> None:
        self.loop.run_until_complete(self.client.http_client.aclose())
        self.loop.close()
