"""The turns that an instance's life can take beside the main story."""

import pytest
import redis

from support import instance as of
from support.sdk import REGION, Sdk
from support.server import eventually
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

NEW_PASSWORD = "An0ther-Passw0rd"


def code_of(attempt) -> str:
    with pytest.raises(TencentCloudSDKException) as refused:
        attempt()
    return refused.value.get_code()


def place(call, instance: str) -> tuple:
    seen = of.describe(call, instance)
    return seen["WanIp"], seen["Port"]


def test_prepaid_from_deal_to_recycle_bin(server, call, buy):
    instance = buy(BillingMode=1, Period=2, AutoRenew=1)
    seen = of.describe(call, instance)
    assert (seen["BillingMode"], seen["AutoRenewFlag"]) == (1, 1)
    assert seen["DeadlineTime"] > seen["Createtime"]
    assert (
        code_of(lambda: call("DestroyPostpaidInstance", InstanceId=instance)) == "InvalidParameterValue.UnSupportedType"
    )
    destroyed = call("DestroyPrepaidInstance", InstanceId=instance)
    assert destroyed["DealId"] and destroyed["DealName"]
    of.wait_for_status(call, instance, -2)
    assert (
        code_of(lambda: call("DestroyPrepaidInstance", InstanceId=instance)) == "ResourceUnavailable.InstanceIsolated"
    )
    assert not of.opens(*place(call, instance))
    of.wait_for_task(call, call("CleanUpInstance", InstanceId=instance)["TaskId"])
    assert server.traces(instance) == []


def test_a_deal_is_delivered(call, buy):
    bought = call("CreateInstances", **of.ORDER | {"GoodsNum": 2, "InstanceName": "pair"})
    assert len(set(bought["InstanceIds"])) == 2

    def delivered():
        (deal,) = call("DescribeInstanceDealDetail", DealIds=[bought["DealName"]])["DealDetails"]
        assert deal["DealName"] == bought["DealName"]
        return deal if deal["Status"] == 4 else None

    deal = eventually(delivered)
    assert sorted(deal["InstanceIds"]) == sorted(bought["InstanceIds"])
    assert (deal["GoodsNum"], deal["DealId"]) == (2, bought["DealId"])
    assert call("DescribeInstanceDealDetail", DealIds=[bought["DealId"]])["DealDetails"] == [deal]
    for instance in bought["InstanceIds"]:
        of.wait_for_status(call, instance, 2)
        of.retire(call, instance)


def test_as_the_ansible_module_orders(call, server):
    """It names its zone by text, and neither how it pays nor for how long."""
    order = {"ZoneName": "ap-guangzhou-3", "TypeId": 2, "MemSize": 1024, "GoodsNum": 1, "Password": of.PASSWORD}
    (instance,) = call("CreateInstances", **order, InstanceName="by-zone-name", RedisReplicasNum=1)["InstanceIds"]
    seen = of.wait_for_status(call, instance, 2)
    assert (seen["ZoneId"], seen["BillingMode"]) == (100003, 0)
    assert of.listed(call, InstanceName="by-zone-name") == [instance]
    call("ModifyInstance", InstanceId=instance, InstanceName="renamed")
    assert of.describe(call, instance)["InstanceName"] == "renamed"
    of.retire(call, instance)


@pytest.mark.parametrize(
    ("sign", "method"),
    [("TC3-HMAC-SHA256", "POST"), ("TC3-HMAC-SHA256", "GET"), ("HmacSHA1", "GET"), ("HmacSHA256", "POST")],
)
def test_an_order_that_says_everything(server, buy, call, sign, method):
    """Lists, objects in lists, numbers and booleans, as JSON and as flattened text."""
    order = {
        "ZoneId": 100003,
        "VpcId": "vpc-1a2b3c4d",
        "SubnetId": "subnet-1a2b3c4d",
        "ProjectId": 3,
        "VPort": 7001,
        "RedisShardNum": 1,
        "RedisReplicasNum": 1,
        "InstanceName": "everything",
        "SecurityGroupIdList": ["sg-1a2b3c4d", "sg-5e6f7g8h"],
        "NoAuth": True,
        "Password": "",
        "ReplicasReadonly": False,
        "NodeSet": [{"NodeType": 0, "ZoneId": 100003}, {"NodeType": 1, "ZoneId": 100003}],
        "ResourceTags": [{"TagKey": "a", "TagValue": "1 + 1 = 2 & more"}, {"TagKey": "b", "TagValue": "值"}],
        "DryRun": False,
    }
    asked = of.ORDER | order
    (instance,) = Sdk(server, sign=sign, method=method)("CreateInstances", **asked)["InstanceIds"]
    seen = of.wait_for_status(call, instance, 2)
    shown = {
        name: seen[name]
        for name in ("ZoneId", "ProjectId", "InstanceName", "NoAuth", "RedisShardNum", "RedisReplicasNum")
    }
    assert shown == {name: asked[name] for name in shown}
    assert (seen["UniqVpcId"], seen["UniqSubnetId"], seen["Port"]) == (
        order["VpcId"],
        order["SubnetId"],
        order["VPort"],
    )
    assert sorted(seen["InstanceTags"], key=lambda tag: tag["TagKey"]) == order["ResourceTags"]
    assert of.opens(seen["WanIp"], seen["Port"], None)
    of.retire(call, instance)


def test_what_the_service_decides_is_not_the_customers_to_change(call, buy):
    with of.connect(*place(call, buy())) as node:
        for command in ("CONFIG GET maxmemory", "SHUTDOWN", "REPLICAOF NO ONE", "MODULE LIST", "ACL LIST"):
            with pytest.raises(redis.exceptions.NoPermissionError):
                node.execute_command(*command.split())
        assert node.ping()


def test_a_destroyed_instance_starts_up_again_with_its_data(server, call, buy):
    instance = buy()
    host, port = place(call, instance)
    with of.connect(host, port) as node:
        of.fill(node, 100)
    of.wait_for_task(call, call("DestroyPostpaidInstance", InstanceId=instance)["TaskId"])
    assert not of.opens(host, port)
    call("StartupInstance", InstanceId=instance)
    of.wait_for_status(call, instance, 2)
    assert place(call, instance) == (host, port)
    for port in server.ports(instance):
        with of.connect(host, port) as node:
            eventually(lambda: node.dbsize() == 100)


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("ResetPassword", {}),
        ("ModifyInstancePassword", {"OldPassword": of.PASSWORD}),
        ("ModfiyInstancePassword", {"OldPassword": of.PASSWORD}),
    ],
)
def test_the_new_password_opens_and_the_old_one_does_not(server, call, buy, action, parameters):
    instance = buy()
    host, _ = place(call, instance)
    changed = call(action, InstanceId=instance, Password=NEW_PASSWORD, **parameters)
    of.wait_for_task(call, changed["TaskId"])
    for port in server.ports(instance):
        assert of.opens(host, port, NEW_PASSWORD)
        assert not of.opens(host, port)
    wrong = {"InstanceId": instance, "OldPassword": of.PASSWORD, "Password": "Y3t-an0ther"}
    assert code_of(lambda: call("ModifyInstancePassword", **wrong)) == "InvalidParameterValue.PasswordError"


def test_without_a_password_and_back(server, call, buy):
    instance = buy(NoAuth=True, Password="", VpcId="vpc-1a2b3c4d")
    host, _ = place(call, instance)
    assert of.describe(call, instance)["NoAuth"] is True
    assert all(of.opens(host, port, None) for port in server.ports(instance))
    of.wait_for_task(call, call("ClearInstance", InstanceId=instance)["TaskId"])
    reset = call("ResetPassword", InstanceId=instance, Password=NEW_PASSWORD, NoAuth=False)
    of.wait_for_task(call, reset["TaskId"])
    assert of.describe(call, instance)["NoAuth"] is False
    for port in server.ports(instance):
        assert of.opens(host, port, NEW_PASSWORD)
        assert not of.opens(host, port, None)
    of.wait_for_task(call, call("ResetPassword", InstanceId=instance, NoAuth=True)["TaskId"])
    assert all(of.opens(host, port, None) for port in server.ports(instance))


def test_the_memory_that_is_used_shows(call, buy):
    instance = buy()
    assert of.describe(call, instance)["Size"] == 1024
    with of.connect(*place(call, instance)) as node:
        node.set("large", "x" * 20 * 2**20)
    eventually(lambda: 20 <= of.describe(call, instance)["SizeUsed"] < 1024)


def test_what_is_cleaned_up_is_known_as_gone_and_cannot_be_used(call, buy):
    instance = buy()
    of.retire(call, instance)
    by_ids = call("DescribeInstances", InstanceIds=[instance])
    assert [entry["Status"] for entry in by_ids["InstanceSet"]] == [-3]
    assert of.listed(call, SearchKey=instance) == []
    for action in ("CleanUpInstance", "StartupInstance", "DestroyPostpaidInstance", "DescribeInstanceNodeInfo"):
        assert code_of(lambda: call(action, InstanceId=instance)) == "ResourceNotFound.InstanceNotExists"
    assert call("DescribeTaskList", InstanceId=instance)["TotalCount"] == 3


def test_what_modify_instance_changes_shows_at_once(call, buy):
    instance = buy()
    call("ModifyInstance", Operation="rename", InstanceIds=[instance], InstanceNames=["renamed"])
    assert of.describe(call, instance)["InstanceName"] == "renamed"
    call("ModifyInstance", Operation="rename", InstanceId=instance, InstanceName="again")
    assert of.describe(call, instance)["InstanceName"] == "again"
    call("ModifyInstance", Operation="modifyProject", InstanceId=instance, ProjectId=7)
    assert of.describe(call, instance)["ProjectId"] == 7
    assert of.listed(call, ProjectIds=[7]) == [instance]


def test_a_protected_instance_is_not_destroyed(call, buy):
    instance = buy()
    protect = {"Operation": "modifyDeleteProtectionSwitch", "InstanceIds": [instance]}
    call("ModifyInstance", **protect, DeleteProtectionSwitches=[1])
    assert code_of(lambda: call("DestroyPostpaidInstance", InstanceId=instance)) == "UnsupportedOperation"
    assert of.status(call, instance) == 2
    call("ModifyInstance", **protect, DeleteProtectionSwitches=[0])


def test_the_maintenance_window(call, shared):
    window = call("DescribeMaintenanceWindow", InstanceId=shared)
    assert (window["StartTime"], window["EndTime"]) == ("03:00", "06:00")
    assert call("ModifyMaintenanceWindow", InstanceId=shared, StartTime="17:00", EndTime="19:00")["Status"] == "success"
    window = call("DescribeMaintenanceWindow", InstanceId=shared)
    assert (window["StartTime"], window["EndTime"]) == ("17:00", "19:00")


class TestTags:
    """One store of tags: what either service writes, the other shows."""

    @pytest.fixture(scope="class")
    def tags(self, server):
        return Sdk(server, "tag")

    def in_redis(self, call, instance) -> dict:
        return {tag["TagKey"]: tag["TagValue"] for tag in of.describe(call, instance)["InstanceTags"]}

    def in_tag(self, tags, instance) -> dict:
        wanted = {
            "ServiceType": "redis",
            "ResourcePrefix": "instance",
            "ResourceRegion": REGION,
            "ResourceIds": [instance],
        }
        found = tags("DescribeResourceTagsByResourceIds", **wanted, Offset=0, Limit=20)
        assert found["TotalCount"] == len(found["Tags"])
        assert all(tag["ResourceId"] == instance for tag in found["Tags"])
        return {tag["TagKey"]: tag["TagValue"] for tag in found["Tags"]}

    def test_both_ways(self, call, tags, buy):
        instance = buy(ResourceTags=[{"TagKey": "team", "TagValue": "a"}, {"TagKey": "stage", "TagValue": "test"}])
        assert self.in_redis(call, instance) == self.in_tag(tags, instance) == {"team": "a", "stage": "test"}
        tags(
            "ModifyResourceTags",
            Resource=f"qcs::redis:{REGION}:uin/:instance/{instance}",
            ReplaceTags=[{"TagKey": "team", "TagValue": "b"}, {"TagKey": "owner", "TagValue": ""}],
            DeleteTags=[{"TagKey": "stage"}],
        )
        assert self.in_redis(call, instance) == self.in_tag(tags, instance) == {"team": "b", "owner": ""}

    def test_instances_are_found_by_them(self, call, buy):
        one, two = (buy(ResourceTags=[{"TagKey": "found-by", "TagValue": value}]) for value in "12")
        assert of.listed(call, InstanceTags=[{"TagKey": "found-by", "TagValue": "2"}]) == [two]
        assert sorted(of.listed(call, TagKeys=["found-by"])) == sorted([one, two])
