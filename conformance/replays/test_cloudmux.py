"""The calls of cloudmux in its order: bought by deal, used, destroyed, waited for and cleaned up."""

import pytest

from support import instance as of
from support.cells import refused
from support.cloudmux import Cloudmux
from support.server import eventually

ORDER = {
    "TypeId": 17,
    "MemSize": 1024,
    "GoodsNum": 1,
    "RedisShardNum": 1,
    "RedisReplicasNum": 1,
    "ZoneId": 100003,
    "VpcId": "vpc-1a2b3c4d",
    "SubnetId": "subnet-1a2b3c4d",
    "SecurityGroupIdList": ["sg-1a2b3c4d"],
    "InstanceName": "cloudmux",
    "Password": of.PASSWORD,
    "VPort": 6379,
}


@pytest.fixture
def call(server):
    client = Cloudmux(server)
    yield client
    client.session.close()


def bought(call, **order) -> str:
    """It starts from the deal, not from the ids."""
    deal = call("CreateInstances", **ORDER | order)["DealId"]

    def delivered():
        (detail,) = call("DescribeInstanceDealDetail", DealIds=[deal])["DealDetails"]
        return detail if detail["Status"] == 4 else None

    (instance,) = eventually(delivered)["InstanceIds"]
    of.wait_for_status(call, instance, 2)
    return instance


def retired(call, instance: str, action: str, status: int) -> None:
    call(action, InstanceId=instance)
    of.wait_for_status(call, instance, status)
    of.wait_for_task(call, call("CleanUpInstance", InstanceId=instance)["TaskId"])
    assert instance not in of.listed(call)


def test_postpaid_with_what_it_does_in_between(server, call):
    instance = bought(call, BillingMode=0, Period=1)
    seen = call("DescribeInstances", Limit=20, Offset=0, InstanceId=instance)["InstanceSet"][0]
    # It reads these as whole numbers and times; anything else ends its synchronisation.
    assert all(type(seen[name]) is int for name in ("Size", "Port", "Status", "Type", "BillingMode", "ZoneId")), seen
    assert (seen["InstanceName"], seen["WanIp"]) == ("cloudmux", server.address)
    call("ModifyInstance", Operation="rename", InstanceId=instance, InstanceName="renamed")
    call("ModifyMaintenanceWindow", InstanceId=instance, StartTime="03:00", EndTime="05:00")
    window = call("DescribeMaintenanceWindow", InstanceId=instance)
    assert (window["StartTime"], window["EndTime"]) == ("03:00", "05:00")
    changed = call("ResetPassword", InstanceId=instance, Password="An0ther-Passw0rd", NoAuth=False)
    of.wait_for_task(call, changed["TaskId"])
    assert of.opens(seen["WanIp"], seen["Port"], "An0ther-Passw0rd")
    cleared = call("ClearInstance", InstanceId=instance, Password="An0ther-Passw0rd")
    of.wait_for_task(call, cleared["TaskId"])
    # It waits until a postpaid one is being released, and a prepaid one is merely unavailable.
    retired(call, instance, "DestroyPostpaidInstance", -3)


def test_prepaid(call):
    retired(call, bought(call, BillingMode=1, Period=1, AutoRenew=1), "DestroyPrepaidInstance", -2)


def test_an_order_with_nodes_of_its_own(call):
    """Objects in a list, each key by itself. Where the zone does not fit, the refusal names it as it was sent."""
    nodes = [{"NodeType": 0, "ZoneId": 100003}, {"NodeType": 1, "ZoneId": 800003}]
    assert "NodeSet" in refused(call, "CreateInstances", **ORDER | {"NodeSet": nodes, "BillingMode": 0}).message


def test_what_is_not_there_is_refused_for_good(call):
    """Not with a code for which it would wait."""
    for action in ("DescribeInstanceBackups", "DescribeInstanceParams", "DescribeDBSecurityGroups"):
        more = {"Product": "redis"} if "Groups" in action else {}
        assert refused(call, action, InstanceId="crs-1a2b3c4d", **more).code == "UnsupportedOperation"
