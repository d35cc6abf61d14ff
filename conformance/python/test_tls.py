"""HTTPS: by the server's own address, and by the cloud's own names with the server as HTTPS_PROXY."""

import pytest

from support import instance as of
from support import story
from support.sdk import AsyncSdk, Sdk
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

SIGNS = [("TC3-HMAC-SHA256", "POST"), ("TC3-HMAC-SHA256", "GET"), ("HmacSHA1", "POST"), ("HmacSHA256", "GET")]


def https(server, **more) -> dict:
    return {"protocol": "https", "certification": str(server.authority)} | more


@pytest.fixture
def as_proxy(server, monkeypatch):
    """What `cinnabar env --https` sets."""
    monkeypatch.setenv("HTTPS_PROXY", server.url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize(("sign", "method"), SIGNS)
def test_by_the_servers_own_address(server, shared, sign, method, host):
    endpoint = server.endpoint.replace("127.0.0.1", host)
    call = Sdk(server, sign=sign, method=method, **https(server, endpoint=endpoint))
    assert of.describe(call, shared)["Status"] == 2


@pytest.mark.parametrize("endpoint", [None, "redis.ap-guangzhou.tencentcloudapi.com", "redis.intl.tencentcloudapi.com"])
@pytest.mark.parametrize(("sign", "method"), SIGNS)
def test_by_the_clouds_names_through_the_proxy_setting(server, shared, as_proxy, sign, method, endpoint):
    """The endpoint is the SDK's own default, or another one of the cloud."""
    call = Sdk(server, sign=sign, method=method, **https(server, endpoint=endpoint))
    assert of.describe(call, shared)["Status"] == 2


@pytest.mark.parametrize(
    ("service", "action"), [("sts", "GetCallerIdentity"), ("region", "DescribeProducts"), ("cvm", "DescribeRegions")]
)
def test_every_service_through_the_proxy_setting(server, as_proxy, service, action):
    assert Sdk(server, service, region="", **https(server, endpoint=None))(action)["RequestId"]


def test_the_whole_story_as_if_it_were_the_cloud(server, as_proxy):
    story.tell(Sdk(server, **https(server, endpoint=None, keepAlive=True), language="zh-CN"), server, "zh-CN")


def test_the_asynchronous_client(server, shared, monkeypatch):
    """It takes `certification` for a certificate of its own, but the variable for an authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
    call = AsyncSdk(server, protocol="https")
    answers = call.at_once([("DescribeInstances", {"InstanceId": shared})] * 20)
    call.close()
    assert {answer["InstanceSet"][0]["InstanceId"] for answer in answers} == {shared}


def test_a_client_that_does_not_know_the_authority_refuses(server):
    with pytest.raises(TencentCloudSDKException) as refused:
        Sdk(server, protocol="https")("DescribeInstances")
    assert "certificate" in refused.value.get_message().lower()


def test_no_way_to_other_hosts(server, as_proxy):
    with pytest.raises(TencentCloudSDKException) as refused:
        Sdk(server, **https(server, endpoint="example.com"))("DescribeInstances")
    assert "403" in refused.value.get_message()
