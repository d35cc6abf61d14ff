"""The test levers: planned through the command line, seen through the SDK."""

import pytest

from support import instance as of
from support.levers import Levers
from support.sdk import Retryer, Sdk, profile
from support.server import eventually
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.redis.v20180412 import models, redis_client


@pytest.fixture
def own(levered, levers) -> Sdk:
    return Sdk(levered)


def picture(server, call) -> list:
    """What a client can tell of all instances, but for ids, ports and times; with their keys."""
    seen = []
    for entry in call("DescribeInstances", Limit=1000)["InstanceSet"]:
        fields = ["InstanceName", "Status", "Size", "RedisReplicasNum", "InstanceTags"]
        with of.connect(entry["WanIp"], entry["Port"]) as node:
            seen.append([entry[field] for field in fields] + sorted(node.scan_iter(count=1000)))
    return seen


def seeded(call) -> str:
    (entry,) = call("DescribeInstances", InstanceName="seeded")["InstanceSet"]
    return entry["InstanceId"]


def statuses(call, task: int) -> list:
    """What DescribeTaskInfo answers until the end, asked without a pause."""
    seen = []
    while not seen or seen[-1]["Status"] in ("preparing", "running"):
        seen.append(call("DescribeTaskInfo", TaskId=task))
    return seen


def test_an_outcome_plan_is_seen_answer_by_answer_and_a_reset_brings_the_seed_back(levered, levers, own):
    before = picture(levered, own)
    assert [entry[:2] for entry in before] == [["seeded", 2]]
    assert len(before[0]) == 105, before
    plan = ["--kind", "ClearInstance", "--preparing-polls", "1", "--running-polls", "2", "--fail", "the disk is full"]
    number = levers("plan", "task", *plan)["plan"]
    instance = seeded(own)
    task = own("ClearInstance", InstanceId=instance, Password=of.PASSWORD)["TaskId"]
    seen = statuses(own, task)
    assert [info["Status"] for info in seen] == ["preparing", "running", "running", "failed"]
    assert [info["TaskMessage"] for info in seen] == ["", "", "", "the disk is full"]
    assert picture(levered, own) == before, "it failed before its work: the world is as it was"
    (use,) = levers("list")["uses"]
    assert (use["plan"], use["task"], use["polls"], use["status"]) == (number, task, 4, "failed")
    # And now for real, so that there is something to bring back.
    of.wait_for_task(own, own("ClearInstance", InstanceId=instance, Password=of.PASSWORD)["TaskId"])
    own("DestroyPostpaidInstance", InstanceId=instance)
    of.create(own, InstanceName="other")
    done = levers("reset")
    assert done["seeded"] == 1
    assert picture(levered, own) == before
    assert levered.traces(instance) == []
    left = levers("list")
    assert (left["plans"], left["uses"], left["leapt_ms"]) == ([], [], 0)


def test_the_sdk_retries_what_is_planned_to_be_refused(levered, levers, own):
    """The SDK takes RequestLimitExceeded for worth another try."""
    refusal = ["--code", "RequestLimitExceeded", "--message", "planned", "--uses", "2"]
    levers("plan", "action", "DescribeInstances", *refusal)
    settings = profile(levered)
    settings.retryer = Retryer(max_attempts=3)
    credential = Credential(levered.secret_id, levered.secret_key)
    client = redis_client.RedisClient(credential, "ap-guangzhou", settings)
    assert client.DescribeInstances(models.DescribeInstancesRequest()).TotalCount == 1
    uses = levers("list")["uses"]
    assert len(uses) == 2 and all(use["request_id"] for use in uses), uses
    levers("plan", "action", "DescribeInstances", *refusal)
    for _ in range(2):
        with pytest.raises(TencentCloudSDKException) as caught:
            own("DescribeInstances")
        assert (caught.value.get_code(), caught.value.get_message()) == ("RequestLimitExceeded", "planned")
    assert own("DescribeInstances")["TotalCount"] == 1


def test_an_isolated_instance_is_cleaned_up_when_the_date_is_moved_on(levered, levers, own):
    instance = of.create(own)
    of.wait_for_task(own, own("DestroyPostpaidInstance", InstanceId=instance)["TaskId"])
    assert of.status(own, instance) == -2
    assert levers("clock", "1h")["leapt_ms"] == 3_600_000
    assert of.status(own, instance) == -3, "about to be deleted"
    assert levered.traces(instance)
    levers("clock", "1h1m")
    eventually(lambda: not levered.traces(instance))
    assert instance not in of.listed(own)
    assert seeded(own) in of.listed(own), "what is not isolated stays"


def test_a_creation_that_fails_ends_in_nothing(levered, levers, own):
    levers("plan", "task", "--kind", "CreateInstances", "--fail", "no host", "--fail-step", "follow_master")
    (instance,) = own("CreateInstances", **of.ORDER)["InstanceIds"]
    eventually(lambda: not levered.traces(instance) and levers("list")["uses"][0]["status"] == "failed")
    assert own("DescribeInstances", InstanceId=instance)["TotalCount"] == 0


def test_without_levers_the_command_line_says_how_to_switch_them_on(server):
    levers = Levers(server)
    for words in (["list"], ["reset"], ["clock", "1h"], ["plan", "task", "--fail", "M"], ["pace", "--instant"]):
        done = levers.run(*words)
        assert done.returncode == 1 and done.stdout == "", done
        assert "--test-levers" in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
