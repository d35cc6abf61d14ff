"""Every refusal reaches the SDK's user as its exception, with code, message and request id."""

import re
import uuid

import pytest

from support import instance as of
from support import processes
from support.sdk import Sdk
from support.server import eventually
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException


def refused(call, action: str, **parameters) -> TencentCloudSDKException:
    """The exception that the call raises; it must be complete."""
    return complaint(lambda: call(action, **parameters))


def refused_raw(call, action: str, parameters: dict) -> TencentCloudSDKException:
    return complaint(lambda: call.raw(action, parameters))


def complaint(attempt) -> TencentCloudSDKException:
    with pytest.raises(TencentCloudSDKException) as caught:
        attempt()
    error = caught.value
    assert error.get_message(), error
    assert str(uuid.UUID(error.get_request_id())) == error.get_request_id()
    return error


EVERY_SIGN = pytest.mark.parametrize(
    ("sign", "method"),
    [("TC3-HMAC-SHA256", "POST"), ("TC3-HMAC-SHA256", "GET"), ("HmacSHA1", "GET"), ("HmacSHA256", "POST")],
)


@EVERY_SIGN
def test_a_wrong_key(server, sign, method):
    call = Sdk(server, sign=sign, method=method, key=(server.secret_id, "x" * 32))
    assert refused(call, "DescribeInstances").get_code() == "AuthFailure.SignatureFailure"


@EVERY_SIGN
def test_an_unknown_key(server, sign, method):
    call = Sdk(server, sign=sign, method=method, key=("AKID" + "x" * 32, server.secret_key))
    assert refused(call, "DescribeInstances").get_code() == "AuthFailure.SecretIdNotFound"


@EVERY_SIGN
def test_an_unknown_task(server, sign, method):
    error = refused(Sdk(server, sign=sign, method=method), "DescribeTaskInfo", TaskId=4_000_000_000)
    assert error.get_code() == "InvalidParameter.InvalidParameter"
    assert "4000000000" in error.get_message()


@EVERY_SIGN
def test_a_missing_parameter(server, sign, method):
    error = refused(Sdk(server, sign=sign, method=method), "DescribeTaskInfo")
    assert error.get_code() == "MissingParameter"
    assert "`TaskId`" in error.get_message()


def test_in_the_language_asked_for(server):
    english = refused(Sdk(server), "DescribeTaskInfo").get_message()
    chinese = refused(Sdk(server, language="zh-CN"), "DescribeTaskInfo").get_message()
    assert english.isascii()
    assert re.search("[一-鿿]", chinese)


def test_an_unknown_region(server):
    assert refused(Sdk(server, region="ap-nowhere"), "DescribeInstances").get_code() == "UnsupportedRegion"


@pytest.mark.parametrize(
    ("action", "parameters", "code", "name"),
    [
        ("DescribeInstances", {"Limit": "2"}, "InvalidParameter", "Limit"),
        ("DescribeInstances", {"Limit": 1.5}, "InvalidParameter", "Limit"),
        ("DescribeInstances", {"Limit": True}, "InvalidParameter", "Limit"),
        ("DescribeInstances", {"Limit": [2]}, "InvalidParameter", "Limit"),
        ("DescribeInstances", {"InstanceId": 7}, "InvalidParameter", "InstanceId"),
        ("DescribeInstances", {"InstanceIds": "crs-1a2b3c4d"}, "InvalidParameter", "InstanceIds"),
        ("DescribeInstances", {"InstanceIds": ["crs-1a2b3c4d", 7]}, "InvalidParameter", "InstanceIds.1"),
        (
            "DescribeInstances",
            {"InstanceTags": [{"TagKey": 7, "TagValue": ""}]},
            "InvalidParameter",
            "InstanceTags.0.TagKey",
        ),
        ("DescribeInstances", {"NoSuch": 1}, "UnknownParameter", "NoSuch"),
        ("DescribeTaskInfo", {"TaskId": 2**64}, "InvalidParameter", "TaskId"),
        ("DescribeTaskInfo", {"TaskId": -1}, "InvalidParameter", "TaskId"),
        ("DescribeTaskInfo", {"TaskId": None}, "MissingParameter", "TaskId"),
    ],
)
def test_a_parameter_of_the_wrong_type_is_named(call, action, parameters, code, name):
    error = refused_raw(call, action, parameters)
    assert error.get_code().split(".")[0] == code
    assert f"`{name}`" in error.get_message()


@pytest.mark.parametrize(("parameters", "name"), [({"Limit": "two"}, "Limit"), ({"Status": [2, "x"]}, "Status.1")])
@pytest.mark.parametrize(("sign", "method"), [("HmacSHA1", "POST"), ("HmacSHA256", "GET"), ("TC3-HMAC-SHA256", "GET")])
def test_text_that_is_no_number_is_named(server, sign, method, parameters, name):
    error = refused_raw(Sdk(server, sign=sign, method=method), "DescribeInstances", parameters)
    assert error.get_code() == "InvalidParameter"
    assert f"`{name}`" in error.get_message()


def test_null_is_absent(call):
    assert call.raw("DescribeInstances", {"Limit": None, "InstanceIds": None})["TotalCount"] >= 0


def test_an_action_that_is_not_there_says_so(call, shared):
    error = refused(call, "DescribeInstanceShards", InstanceId=shared)
    assert error.get_code() == "UnsupportedOperation"
    assert "DescribeInstanceShards" in error.get_message()


def test_an_action_that_does_not_exist(call):
    assert refused_raw(call, "DescribeNothing", {}).get_code() == "InvalidAction"


def test_a_wrong_password(call, shared):
    error = refused(call, "ClearInstance", InstanceId=shared, Password="Wrong-Passw0rd")
    assert error.get_code() == "InvalidParameterValue.PasswordError"
    assert "Wrong-Passw0rd" not in error.get_message()


def test_no_password(call, shared):
    assert refused(call, "ClearInstance", InstanceId=shared).get_code() == "InvalidParameterValue.PasswordEmpty"


def test_a_weak_password(call):
    error = refused(call, "CreateInstances", **of.ORDER | {"Password": "password"})
    assert error.get_code() == "InvalidParameterValue.PasswordRuleError"


@pytest.mark.parametrize(
    "action", ["ClearInstance", "DestroyPostpaidInstance", "StartupInstance", "DescribeMaintenanceWindow"]
)
def test_an_unknown_instance(call, action):
    error = refused(call, action, InstanceId="crs-00000000")
    assert error.get_code() == "ResourceNotFound.InstanceNotExists"
    assert "crs-00000000" in error.get_message()


@pytest.mark.parametrize(
    ("order", "code", "name"),
    [
        ({"TypeId": 99}, "InvalidParameterValue.InvalidInstanceTypeId", "TypeId"),
        ({"MemSize": 1000}, "LimitExceeded.InvalidMemSize", "MemSize"),
        ({"GoodsNum": 0}, "LimitExceeded.InvalidParameterGoodsNumNotInRange", "GoodsNum"),
        ({"Period": 13}, "LimitExceeded.PeriodExceedMaxLimit", "Period"),
        ({"RedisReplicasNum": 6}, "InvalidParameterValue.SpecNotExist", "RedisReplicasNum"),
        ({"ZoneId": 800003}, "InvalidParameterValue", "ZoneId"),
        ({"VPort": 80}, "InvalidParameterValue", "VPort"),
        ({"NoAuth": True}, "InvalidParameterValue.PasswordFreeDenied", "NoAuth"),
    ],
)
def test_an_order_that_cannot_be_met_is_refused_whole(call, order, code, name):
    before = of.listed(call)
    error = refused(call, "CreateInstances", **of.ORDER | order)
    assert error.get_code() == code
    assert f"`{name}`" in error.get_message()
    assert of.listed(call) == before


def test_a_dry_run_buys_nothing(call):
    before = of.listed(call)
    assert refused(call, "CreateInstances", **of.ORDER | {"DryRun": True}).get_code() == "DryRunOperation"
    assert of.listed(call) == before


def test_a_locked_instance(server, call, buy):
    instance = buy()
    password = {"InstanceId": instance, "Password": of.PASSWORD}
    with processes.paused(server.node_folders(instance)):
        # A purge that waits for its node keeps the instance for itself.
        task = call("ClearInstance", **password)["TaskId"]
        eventually(lambda: call("DescribeTaskInfo", TaskId=task)["Status"] == "running")
        error = refused(call, "ClearInstance", **password)
        assert error.get_code() == "ResourceUnavailable.InstanceLockedError"
        assert str(task) in error.get_message()
    assert of.wait_for_task(call, task)["Status"] == "succeed"


class TestRateLimit:
    """The documented limit is on unless it is switched off."""

    # Anything faster than the limit meets it; far more calls than that mean that there is none.
    MANY = 500

    @pytest.fixture(scope="class")
    def limited(self, start_server):
        return start_server()

    def exceed(self, call, action, **parameters):
        for _ in range(self.MANY):
            call(action, **parameters)

    def test_the_twenty_first_call_of_a_second_is_refused(self, limited):
        call = Sdk(limited, keepAlive=True)
        error = complaint(lambda: self.exceed(call, "DescribeInstances"))
        assert error.get_code() == "RequestLimitExceeded"
        shape = (
            r"current request times equals to `(\d+)` in a second, which exceeds the frequency limit `20` for a second"
        )
        assert int(re.search(shape, error.get_message())[1]) > 20

    def test_other_actions_and_regions_have_their_own(self, limited):
        call = Sdk(limited, keepAlive=True)
        complaint(lambda: self.exceed(call, "DescribeTaskList"))
        assert call("DescribeProductInfo")["RegionSet"]
        assert Sdk(limited, region="ap-beijing")("DescribeTaskList")["TotalCount"] == 0

    def test_a_second_later_it_goes_on(self, limited):
        call = Sdk(limited, keepAlive=True)
        complaint(lambda: self.exceed(call, "DescribeInstances"))

        def again():
            try:
                return call("DescribeInstances")["RequestId"]
            except TencentCloudSDKException as error:
                assert error.get_code() == "RequestLimitExceeded"

        eventually(again)
