"""Terraform's provider 1.83: each resource's calls in its order, with its polls, and what it takes for granted in answers.

The provider itself could not be had; it stands on the same Go package, which makes these calls. Its rhythm: at once, then
after 0.5 s, 1 s, 2 s and so on up to 10 s."""

import time
from dataclasses import dataclass

import pytest

from support import instance as of
from support import processes
from support.cells import refused
from support.driver import Refused

REGION, ZONE = "ap-guangzhou", "ap-guangzhou-3"
# What an instance's state is made of; null in any of them ends the provider.
WHOLE = "Status ZoneId SlaveReadWeight BillingMode Type RedisShardNum RedisReplicasNum RedisShardSize ProjectId Port".split()
WHOLE += ["AutoRenewFlag", "NetLimit", "ClientLimit"]
TEXT = "InstanceId InstanceName WanIp UniqVpcId UniqSubnetId Createtime ProductVersion WanAddress".split()
# A refusal with one of these is tried again for minutes.
RETRIED = ("RequestLimitExceeded", "ResourceInUse", "ResourceUnavailable", "ResourceBusy", "ClientError")


@dataclass
class Provider:
    """Calls by service, waits as resource.Retry does."""

    redis: object
    region: object
    tag: object

    @staticmethod
    def wait(look, seconds: float = 120):
        pause, end = 0.5, time.monotonic() + seconds
        while not (seen := look()):
            assert time.monotonic() < end, "Terraform would have given up"
            time.sleep(pause)
            pause = min(pause * 2, 10)
        return seen

    def task(self, number: int) -> None:
        """What is neither preparing nor running must be succeed."""
        assert type(number) is int and number > 0

        def ended():
            status = self.redis("DescribeTaskInfo", TaskId=number)["Status"]
            assert status in ("preparing", "running", "succeed"), status
            return status == "succeed"

        self.wait(ended)

    def online(self, instance: str) -> dict:
        """An empty answer is fatal here, also right after the order."""

        def running():
            entries = self.redis("DescribeInstances", InstanceId=instance)["InstanceSet"]
            assert len(entries) == 1, f"instance {instance} not exist"
            return entries[0] if entries[0]["Status"] not in (0, 1) else None

        seen = self.wait(running)
        assert seen["Status"] == 2, seen
        return seen

    def read(self, instance: str) -> dict:
        """The resource's state, with the values that it dereferences."""
        seen = self.online(instance)
        for name in WHOLE:
            assert type(seen[name]) is int, f"{name} is {seen[name]!r}"
        for name in TEXT:
            assert type(seen[name]) is str, f"{name} is {seen[name]!r}"
        assert type(seen["NoAuth"]) is bool
        assert not seen.get("NodeSet"), "an instance in one zone has none, or its zones show as a difference"
        zones = {zone["ZoneId"]: zone["Zone"] for zone in self.region("DescribeZones", Product="redis")["ZoneSet"]}
        labels = self.tags(instance)
        return seen | {"zone": zones[str(seen["ZoneId"])], "tags": labels}

    def tags(self, instance: str) -> dict:
        asked = {"ServiceType": "redis", "ResourcePrefix": "instance", "ResourceRegion": REGION, "Offset": 0, "Limit": 20}
        found = self.tag("DescribeResourceTagsByResourceIds", ResourceIds=[instance], **asked)["Tags"]
        return {one["TagKey"]: one["TagValue"] for one in found if one["ResourceId"] == instance}

    def set_tags(self, instance: str, replaced: dict, deleted: list) -> None:
        asked = {"Resource": f"qcs::redis:{REGION}:uin/:instance/{instance}"}
        asked |= {"ReplaceTags": [{"TagKey": key, "TagValue": value} for key, value in replaced.items()]}
        asked |= {"DeleteTags": [{"TagKey": key} for key in deleted]} if deleted else {}
        self.tag("ModifyResourceTags", **asked)

    def create(self, **order) -> str:
        """`tencentcloud_redis_instance`."""
        product = self.redis("DescribeProductInfo")
        (sold,) = [region for region in product["RegionSet"] if region["RegionId"] == REGION]
        (zone,) = [zone for zone in sold["ZoneSet"] if zone["ZoneName"] == ZONE]
        assert type(zone["IsSaleout"]) is bool and not zone["IsSaleout"]
        (kind,) = [kind for kind in zone["ProductSet"] if kind["Type"] == 17 and kind["PayMode"] == "0"]
        assert "1" in kind["ShardNum"] and "1" in kind["ReplicaNum"]
        zones = self.region("DescribeZones", Product="redis")["ZoneSet"]
        (number,) = [int(one["ZoneId"]) for one in zones if one["Zone"] == ZONE]
        asked = of.ORDER | {"ZoneId": number, "RedisShardNum": 1, "VPort": 6379, "ProjectId": 0} | order
        asked |= {"InstanceName": "terraform", "ReplicasReadonly": False}
        instance = self.redis("CreateInstances", **asked)["InstanceIds"][0]
        self.online(instance)
        return instance

    def delete(self, instance: str) -> None:
        """With force_delete."""
        if self.online(instance)["BillingMode"] == 0:
            self.task(self.redis("DestroyPostpaidInstance", InstanceId=instance)["TaskId"])
        else:
            assert self.redis("DestroyPrepaidInstance", InstanceId=instance)["DealId"]
            self.wait(lambda: self.status(instance) <= -2)
        self.task(self.redis("CleanUpInstance", InstanceId=instance)["TaskId"])

    def status(self, instance: str) -> int:
        """Gone counts as destroyed."""
        entries = self.redis("DescribeInstances", InstanceId=instance)["InstanceSet"]
        return entries[0]["Status"] if entries else -3


@pytest.fixture(scope="module")
def provider(terraform) -> Provider:
    return Provider(terraform("redis"), terraform("region"), terraform("tag"))


@pytest.fixture(scope="module")
def applied(provider):
    instance = provider.create()
    yield instance
    provider.delete(instance)


def test_instance_created_changed_and_destroyed(provider):
    instance = provider.create()
    provider.set_tags(instance, {"team": "a", "stage": "test"}, [])
    seen = provider.read(instance)
    assert (seen["zone"], seen["tags"]) == (ZONE, {"team": "a", "stage": "test"})
    assert (seen["InstanceName"], seen["RedisShardSize"], seen["RedisReplicasNum"]) == ("terraform", 1024, 1)
    provider.redis("ModifyInstance", Operation="rename", InstanceId=instance, InstanceName="changed")
    provider.task(provider.redis("ResetPassword", InstanceId=instance, Password="An0ther-Passw0rd", NoAuth=False)["TaskId"])
    provider.redis("ModifyInstance", Operation="modifyProject", InstanceId=instance, ProjectId=7)
    provider.set_tags(instance, {"team": "b"}, ["stage"])
    again = provider.read(instance)
    assert (again["InstanceName"], again["ProjectId"], again["tags"]) == ("changed", 7, {"team": "b"})
    # A plan after an apply is empty: nothing else has changed.
    kept = set(WHOLE + TEXT) - {"InstanceName", "ProjectId"}
    assert {name: again[name] for name in kept} == {name: seen[name] for name in kept}
    assert of.opens(again["WanIp"], again["Port"], "An0ther-Passw0rd")
    provider.delete(instance)
    assert provider.status(instance) <= -2


def test_prepaid_instance(provider):
    instance = provider.create(BillingMode=1, Period=1, AutoRenew=1)
    seen = provider.read(instance)
    assert (seen["BillingMode"], seen["AutoRenewFlag"]) == (1, 1)
    provider.delete(instance)


def test_instance_that_somebody_else_destroyed(provider, call):
    """A refresh must find it as destroyed: nothing found is an error, which only a person can mend."""
    instance = provider.create()
    of.retire(call, instance)
    (entry,) = provider.redis("DescribeInstances", InstanceId=instance)["InstanceSet"]
    assert entry["Status"] in (-2, -3)


def test_maintenance_window(provider, applied):
    provider.redis("ModifyMaintenanceWindow", InstanceId=applied, StartTime="17:00", EndTime="19:00")
    window = provider.redis("DescribeMaintenanceWindow", InstanceId=applied)
    assert (window["StartTime"], window["EndTime"]) == ("17:00", "19:00")


def test_clear_instance_operation(provider, applied):
    provider.task(provider.redis("ClearInstance", InstanceId=applied, Password=of.PASSWORD)["TaskId"])


def test_startup_instance_operation(provider):
    instance = provider.create()
    provider.task(provider.redis("DestroyPostpaidInstance", InstanceId=instance)["TaskId"])
    provider.redis("StartupInstance", InstanceId=instance)
    provider.wait(lambda: provider.status(instance) == 2)
    provider.delete(instance)


def test_data_instances(provider, applied):
    """By two, once more at the end of an even count; each zone must be known."""
    others = [provider.create() for _ in range(2)]
    for search in ("terraform", applied):
        found, offset, total = [], 0, None
        while total is None or offset <= total:
            page = provider.redis("DescribeInstances", Limit=2, Offset=offset, SearchKey=search)
            total = page["TotalCount"] if total is None else total
            found += page["InstanceSet"]
            offset += 2
        ids = [one["InstanceId"] for one in found]
        assert len(set(ids)) == len(ids) == total
        assert set(ids) >= ({applied} if search == applied else {applied, *others})
        assert all(tag["TagKey"] and tag["TagValue"] is not None for one in found for tag in one["InstanceTags"] or [])
    for instance in others:
        provider.delete(instance)


def test_data_zone_config(provider):
    """Reads ZoneId as the zone's name, and numbers out of text."""
    for region in provider.redis("DescribeProductInfo")["RegionSet"]:
        for zone in region["ZoneSet"]:
            assert zone["ZoneId"] == zone["ZoneName"] and zone["ZoneName"].startswith(region["RegionId"])
            for kind in zone["ProductSet"]:
                assert type(kind["Type"]) is int and type(kind["Saleout"]) is bool and kind["PayMode"] in ("0", "1")
                sizes = kind.get("ShardSize") or kind.get("TotalSize")
                assert [int(number) for number in kind["ShardNum"] + kind["ReplicaNum"]] and [float(one) for one in sizes]


def test_data_instance_task_list_and_node_info(provider, applied):
    found = provider.redis("DescribeTaskList", InstanceId=applied, Offset=0, Limit=20)
    assert found["TotalCount"] >= 1 and all(type(task["TaskId"]) is int for task in found["Tasks"])
    nodes = provider.redis("DescribeInstanceNodeInfo", InstanceId=applied, Offset=0, Limit=20)
    assert len(nodes["Redis"]) == nodes["RedisCount"] == 2 and all(node["NodeId"] for node in nodes["Redis"])


@pytest.mark.parametrize(
    ("resource", "action", "more"),
    [
        ("account", "DescribeInstanceAccount", {"Offset": 0, "Limit": 50}),
        ("backup_config", "DescribeAutoBackupConfig", {}),
        ("backup_operation", "ManualBackupInstance", {}),
        ("instance, mem_size", "UpgradeInstance", {"MemSize": 2048}),
        ("instance, vpc_id", "DescribeInstanceSecurityGroup", {}),
        ("log_delivery", "DescribeInstanceLogDelivery", {}),
        ("param", "DescribeInstanceParams", {}),
        ("param_template", "DescribeParamTemplateInfo", {"TemplateId": "crs-cfg-1a2b3c4d"}),
        ("read_only", "ModifyInstanceReadOnly", {"InputMode": "1"}),
        ("renew_instance_operation", "RenewInstance", {"Period": 1, "ModifyPayMode": "prepaid"}),
        ("replica_readonly", "EnableReplicaReadonly", {}),
        ("replicate_attachment", "DescribeReplicationGroup", {"Offset": 0, "Limit": 20}),
        ("security_group_attachment", "DescribeDBSecurityGroups", {"Product": "redis"}),
        ("ssl", "DescribeSSLStatus", {}),
        ("switch_master", "ChangeReplicaToMaster", {}),
    ],
)
def test_resource_that_is_not_there_ends_the_apply_at_once(provider, applied, resource, action, more):
    """With a code that the provider does not wait for. Once the action is there, its resource wants a replay of its own."""
    whose = {
        "DescribeParamTemplateInfo": {},
        "DescribeReplicationGroup": {},
        "DescribeInstanceSecurityGroup": {"InstanceIds": [applied]},
    }
    asked = whose.get(action, {"InstanceId": applied}) | more
    code = refused(provider.redis, action, **asked).code
    assert code == "UnsupportedOperation" and code.split(".")[0] not in RETRIED


def test_a_change_while_a_task_runs_is_one_to_wait_for(provider, applied, server):
    """The other way round: what passes by itself has a code of the family that is tried again."""
    password = {"InstanceId": applied, "Password": of.PASSWORD}
    with processes.paused(server.node_folders(applied)):
        task = provider.redis("ClearInstance", **password)["TaskId"]
        with pytest.raises(Refused) as caught:
            provider.redis("ClearInstance", **password)
        assert caught.value.code.split(".")[0] in RETRIED
    provider.task(task)
    provider.task(provider.redis("ClearInstance", **password)["TaskId"])
