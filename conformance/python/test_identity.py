"""Sub-users with policies, and temporary keys, by the SDK's own cam and sts clients."""

import json
from urllib.parse import quote

import pytest

from support import instance as of
from support.sdk import Sdk
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException


def allow(action: str, resource: str) -> str:
    """A policy that allows this and nothing else."""
    return json.dumps({"version": "2.0", "statement": [{"effect": "allow", "action": [action], "resource": [resource]}]})


def refused(attempt) -> TencentCloudSDKException:
    with pytest.raises(TencentCloudSDKException) as caught:
        attempt()
    assert caught.value.get_request_id()
    return caught.value


def keys(issued: dict) -> tuple:
    """What a Credential of the SDK is made of."""
    credentials = issued["Credentials"]
    return credentials["TmpSecretId"], credentials["TmpSecretKey"], credentials["Token"]


@pytest.fixture(scope="module")
def account(server) -> str:
    return Sdk(server, "sts")("GetCallerIdentity")["AccountId"]


@pytest.fixture(scope="module")
def task(call, shared) -> int:
    """The task that created the shared instance."""
    return call("DescribeTaskList", InstanceId=shared)["Tasks"][0]["TaskId"]


@pytest.fixture(scope="module")
def policy(account, shared) -> str:
    return allow("redis:DescribeTaskInfo", f"qcs::redis:ap-guangzhou:uin/{account}:instance/{shared}")


def does_exactly_that(server, key: tuple, task: int, instance: str) -> None:
    """It may look at the task of the instance and do nothing else, with every signature."""
    for sign, method in [("TC3-HMAC-SHA256", "POST"), ("TC3-HMAC-SHA256", "GET"), ("HmacSHA256", "POST")]:
        may = Sdk(server, sign=sign, method=method, key=key)
        assert may("DescribeTaskInfo", TaskId=task)["Status"] == "succeed"
        error = refused(lambda: may("ClearInstance", InstanceId=instance, Password=of.PASSWORD))
        assert error.get_code() == "UnauthorizedOperation.NoCAMAuthed"
        assert "not authorized to perform operation (redis:ClearInstance)" in error.get_message()
        assert instance in error.get_message()
        assert refused(lambda: may("DescribeInstances")).get_code() == "UnauthorizedOperation.NoCAMAuthed"
    assert refused(lambda: Sdk(server, "cam", key=key)("ListUsers")).get_code() == "AuthFailure.UnauthorizedOperation"


def test_a_sub_user(server, shared, task, policy):
    cam = Sdk(server, "cam")
    uin = cam("AddUser", Name="reader")["Uin"]
    made = cam("CreateAccessKey", TargetUin=uin)["AccessKey"]
    key = made["AccessKeyId"], made["SecretAccessKey"]
    mine = Sdk(server, key=key)
    error = refused(lambda: mine("DescribeTaskInfo", TaskId=task))
    assert error.get_code() == "InvalidParameter.PermissionDenied"
    number = cam("CreatePolicy", PolicyName="look", PolicyDocument=policy)["PolicyId"]
    cam("AttachUserPolicy", PolicyId=number, AttachUin=uin)
    does_exactly_that(server, key, task, shared)
    cam("UpdateAccessKey", AccessKeyId=key[0], Status="Inactive", TargetUin=uin)
    assert refused(lambda: mine("DescribeTaskInfo", TaskId=task)).get_code().startswith("AuthFailure.")
    cam("DetachUserPolicy", PolicyId=number, DetachUin=uin)
    cam("DeletePolicy", PolicyId=[number])
    cam("DeleteUser", Name="reader", Force=1)


def test_a_federated_user(server, shared, task, policy):
    issued = Sdk(server, "sts")("GetFederationToken", Name="guest", Policy=quote(policy))
    does_exactly_that(server, keys(issued), task, shared)
    identifier, secret, token = keys(issued)
    for wrong in [(identifier, secret), (identifier, secret, token[:-2])]:
        error = refused(lambda: Sdk(server, key=wrong)("DescribeTaskInfo", TaskId=task))
        assert error.get_code() == "AuthFailure.TokenFailure"


def test_a_role(server, account, shared, task, policy):
    cam, sts = Sdk(server, "cam"), Sdk(server, "sts")
    statement = {
        "effect": "allow",
        "action": "name/sts:AssumeRole",
        "principal": {"qcs": [f"qcs::cam::uin/{account}:root"]},
    }
    trust = json.dumps({"version": "2.0", "statement": [statement]})
    cam("CreateRole", RoleName="watcher", PolicyDocument=trust)
    number = cam("CreatePolicy", PolicyName="watch", PolicyDocument=policy)["PolicyId"]
    cam("AttachRolePolicy", PolicyId=number, AttachRoleName="watcher")
    arn = f"qcs::cam::uin/{account}:roleName/watcher"
    issued = sts("AssumeRole", RoleArn=arn, RoleSessionName="night", DurationSeconds=900)
    does_exactly_that(server, keys(issued), task, shared)
    who = Sdk(server, "sts", key=keys(issued))("GetCallerIdentity")
    assert (who["Type"], who["UserId"].split(":")[1]) == ("CAMRole", "night")
    cam("DeleteRole", RoleName="watcher")
    gone = refused(lambda: Sdk(server, key=keys(issued))("DescribeTaskInfo", TaskId=task))
    assert gone.get_code() == "AuthFailure.TokenFailure"
    cam("DeletePolicy", PolicyId=[number])
