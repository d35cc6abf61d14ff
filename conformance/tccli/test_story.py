"""The stories with tccli, set up by what `cinnabar env` prints and its own --endpoint."""

import json

import pytest

from support import instance as of


def test_the_waiter_follows_a_task(tccli, buy):
    instance = buy()
    task = tccli("ClearInstance", InstanceId=instance, Password=of.PASSWORD)["TaskId"]
    waiter = json.dumps({"expr": "Status", "to": "succeed", "timeout": 120, "interval": 1})
    words = ["--TaskId", str(task), "--waiter", waiter, "--language", "en-US"]
    done = tccli.run("redis", "DescribeTaskInfo", *words)
    assert done.returncode == 0, done.stderr
    info = json.loads(done.stdout[done.stdout.index("{") :])
    assert (info["Status"], info["TaskType"], info["InstanceId"]) == ("succeed", of.PURGE["en-US"], instance)


def test_the_waiter_waits_for_an_instance(tccli, call):
    order = of.ORDER | {"InstanceName": "awaited"}
    (instance,) = tccli("CreateInstances", **order)["InstanceIds"]
    waiter = json.dumps({"expr": "InstanceSet[0].Status", "to": 2, "timeout": 120, "interval": 1})
    done = tccli.run("redis", "DescribeInstances", "--InstanceId", instance, "--waiter", waiter)
    assert done.returncode == 0, done.stderr
    assert of.status(call, instance) == 2
    of.retire(call, instance)


def test_filtered_and_unfolded(tccli, call, buy):
    """Its other ways to put parameters in and to take answers out."""
    instance = buy(ResourceTags=[{"TagKey": "by", "TagValue": "tccli"}])
    words = [
        "--cli-unfold-argument",
        "--InstanceTags.0.TagKey",
        "by",
        "--InstanceTags.0.TagValue",
        "tccli",
        "--Limit",
        "2",
    ]
    done = tccli.run("redis", "DescribeInstances", *words, "--filter", "InstanceSet[*].InstanceId", "--output", "text")
    assert (done.returncode, done.stdout.strip()) == (0, instance), done


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["DescribeTaskInfo", "--TaskId", "4000000000"], "InvalidParameter.InvalidParameter", "4000000000"),
        (
            ["DescribeMaintenanceWindow", "--InstanceId", "crs-00000000"],
            "ResourceNotFound.InstanceNotExists",
            "crs-00000000",
        ),
        (["DescribeInstanceShards", "--InstanceId", "crs-00000000"], "UnsupportedOperation", "DescribeInstanceShards"),
    ],
)
def test_a_refusal_ends_with_255_and_the_code_on_stderr(tccli, words, code, text):
    done = tccli.run("redis", *words)
    assert (done.returncode, done.stdout) == (255, ""), done
    assert f"code:{code} " in done.stderr
    assert text in done.stderr and "requestId:" in done.stderr


@pytest.mark.parametrize(("language", "ascii_only"), [("en-US", True), ("zh-CN", False)])
def test_a_refusal_in_the_language_asked_for(tccli, language, ascii_only):
    done = tccli.run("redis", "DescribeTaskInfo", "--TaskId", "4000000000", "--language", language)
    assert (done.returncode, done.stderr.isascii()) == (255, ascii_only), done


@pytest.mark.parametrize(
    ("service", "words", "found"),
    [
        ("region", ["DescribeZones", "--Product", "redis"], "ap-guangzhou-3"),
        ("sts", ["GetCallerIdentity"], "100000000001"),
        ("api", ["DescribeRegions", "--Product", "redis"], "ap-guangzhou"),
        ("cvm", ["DescribeZones"], "100003"),
    ],
)
def test_the_services_around_redis(tccli, service, words, found):
    done = tccli.run(service, *words)
    assert done.returncode == 0, done.stderr
    assert found in done.stdout
