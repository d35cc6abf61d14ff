"""Every way the SDK has to reach a server: how it signs, where it sends, what it says of itself."""

import time
import uuid

import pytest

from support import instance as of
from support.sdk import AsyncSdk, Sdk
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

SIGNS = [
    ("TC3-HMAC-SHA256", "POST"),
    ("TC3-HMAC-SHA256", "GET"),
    ("HmacSHA1", "POST"),
    ("HmacSHA1", "GET"),
    ("HmacSHA256", "POST"),
    ("HmacSHA256", "GET"),
]
# What HttpProfile is given, by the server; each leads to another Host header or target.
ROUTES = {
    "host and port": lambda server: {},
    "scheme, host and port": lambda server: {"endpoint": server.url},
    "localhost": lambda server: {"endpoint": server.endpoint.replace("127.0.0.1", "localhost")},
    "kept alive": lambda server: {"keepAlive": True},
    "as a proxy": lambda server: {"endpoint": None, "proxy": server.url},
    "as a proxy, by region": lambda server: {"endpoint": "redis.ap-guangzhou.tencentcloudapi.com", "proxy": server.url},
}
FILTERS = {
    "Limit": 2,
    "Offset": 0,
    "OrderBy": "createtime",
    "OrderType": 0,
    "Status": [2, -2],
    "TypeList": [17],
    "SearchKeys": ["shared"],
}


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
@pytest.mark.parametrize(("sign", "method"), SIGNS)
def test_every_signature_by_every_route(server, shared, sign, method, route):
    call = Sdk(server, sign=sign, method=method, **route(server))
    found = call("DescribeInstances", InstanceIds=[shared], **FILTERS)
    assert [entry["InstanceId"] for entry in found["InstanceSet"]] == [shared]
    assert found["TotalCount"] == 1
    # Twice by one client: what it keeps open must stay usable.
    assert of.describe(call, shared)["InstanceName"] == "shared"


@pytest.mark.parametrize(("sign", "method"), [("TC3-HMAC-SHA256", "POST"), ("TC3-HMAC-SHA256", "GET")])
def test_signed_for_the_public_name_and_sent_elsewhere(server, shared, sign, method):
    call = Sdk(server, sign=sign, method=method, endpoint="redis.tencentcloudapi.com", apigw=server.endpoint)
    assert of.describe(call, shared)["Status"] == 2


@pytest.mark.parametrize("root", ["tencentcloudapi.com", "intl.tencentcloudapi.com", "redis.test:8080"])
@pytest.mark.parametrize(
    ("service", "action", "asked"),
    [
        ("redis", "DescribeInstances", {}),
        ("region", "DescribeZones", {"Product": "redis"}),
        ("api", "DescribeZones", {"Product": "redis"}),
        ("cvm", "DescribeZones", {}),
        ("tag", "DescribeResourceTags", {"ServiceType": "redis", "ResourcePrefix": "instance"}),
        ("sts", "GetCallerIdentity", {}),
    ],
)
def test_as_terraform_reaches_every_service(server, service, action, asked, root):
    """By SERVICE.DOMAIN, always: through a proxy setting, or with a domain of one's own."""
    call = Sdk(server, service, endpoint=None, rootDomain=root, proxy=server.url)
    assert call(action, **asked)["RequestId"]


@pytest.mark.parametrize(
    ("service", "action"), [("sts", "GetCallerIdentity"), ("cvm", "DescribeRegions"), ("region", "DescribeProducts")]
)
def test_services_that_need_no_region(server, service, action):
    assert Sdk(server, service, region="")(action)["RequestId"]


def test_redis_needs_a_region(server):
    with pytest.raises(TencentCloudSDKException) as refused:
        Sdk(server, region="")("DescribeInstances")
    assert refused.value.get_code() == "MissingParameter"
    assert "Region" in refused.value.get_message()


@pytest.mark.parametrize("sign", ["TC3-HMAC-SHA256", "HmacSHA1"])
@pytest.mark.parametrize("seconds", [-400, 400])
def test_a_clock_that_is_wrong(server, monkeypatch, sign, seconds):
    now = time.time()
    monkeypatch.setattr("tencentcloud.common.abstract_client.time.time", lambda: now + seconds)
    with pytest.raises(TencentCloudSDKException) as refused:
        Sdk(server, sign=sign)("DescribeInstances")
    assert refused.value.get_code() == "AuthFailure.SignatureExpire"


@pytest.mark.parametrize("seconds", [-200, 200])
def test_a_clock_that_is_a_little_wrong(server, monkeypatch, seconds):
    now = time.time()
    monkeypatch.setattr("tencentcloud.common.abstract_client.time.time", lambda: now + seconds)
    assert Sdk(server)("DescribeInstances")["TotalCount"] >= 0


def test_many_at_once(server, shared):
    call = AsyncSdk(server)
    answers = call.at_once([("DescribeInstances", {"InstanceId": shared})] * 40)
    call.close()
    assert len({answer["RequestId"] for answer in answers}) == 40
    assert {answer["InstanceSet"][0]["InstanceId"] for answer in answers} == {shared}


def test_a_payload_that_is_left_unsigned(server, shared):
    call = Sdk(server)
    call.client.profile.unsignedPayload = True
    assert of.describe(call, shared)["Status"] == 2


def test_a_multipart_body(call, shared):
    found = call.raw("DescribeInstances", {"InstanceId": shared, "InstanceIds": [shared]}, IsMultipart=True)
    assert found["TotalCount"] == 1


def test_an_unsigned_request_is_refused(call):
    with pytest.raises(TencentCloudSDKException) as refused:
        call.raw("DescribeInstances", {}, SkipSign=True)
    assert refused.value.get_code().startswith("AuthFailure")


def test_each_answer_has_its_own_request_id(call):
    ids = [call("DescribeInstances")["RequestId"] for _ in range(3)]
    assert len(set(ids)) == 3
    assert [str(uuid.UUID(one)) for one in ids] == ids


@pytest.mark.parametrize("sign", ["TC3-HMAC-SHA256", "HmacSHA256"])
def test_text_beyond_ascii_arrives_whole(server, buy, sign):
    call = Sdk(server, sign=sign)
    instance = buy()
    call("ModifyInstance", Operation="rename", InstanceId=instance, InstanceName="缓存-一")
    assert of.describe(call, instance)["InstanceName"] == "缓存-一"
    assert of.listed(Sdk(server, sign=sign, method="GET"), SearchKey="缓存") == [instance]


class TestFinanceRegions:
    """A finance region is served under its own domain only, and that domain serves nothing else."""

    REGION = "ap-shanghai-fsi"

    def sdk(self, server, endpoint, region):
        return Sdk(server, region=region, endpoint=endpoint, proxy=server.url)

    def test_under_its_own_domain(self, server):
        call = self.sdk(server, f"redis.{self.REGION}.tencentcloudapi.com", self.REGION)
        assert call("DescribeInstances")["TotalCount"] == 0

    def test_by_an_address_everything_is_served(self, server):
        assert Sdk(server, region=self.REGION)("DescribeInstances")["TotalCount"] == 0

    @pytest.mark.parametrize(
        ("endpoint", "region"),
        [
            ("redis.tencentcloudapi.com", REGION),
            (f"redis.{REGION}.tencentcloudapi.com", "ap-guangzhou"),
            (f"redis.{REGION}.tencentcloudapi.com", "ap-shenzhen-fsi"),
        ],
    )
    def test_nowhere_else(self, server, endpoint, region):
        with pytest.raises(TencentCloudSDKException) as refused:
            self.sdk(server, endpoint, region)("DescribeInstances")
        assert refused.value.get_code() == "UnsupportedRegion"
        assert region in refused.value.get_message()
