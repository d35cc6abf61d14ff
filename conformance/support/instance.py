"""What stories do with instances, through any client: a callable that takes an action's name and its parameters."""

import re

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from support.server import eventually

PASSWORD = "Passw0rd!"
ORDER = {
    "TypeId": 17,
    "MemSize": 1024,
    "GoodsNum": 1,
    "Period": 1,
    "BillingMode": 0,
    "RedisReplicasNum": 1,
    "Password": PASSWORD,
}
TASK_STATUSES = ["preparing", "running", "succeed"]
PURGE = {"en-US": "Redis cache purge process", "zh-CN": "redis缓存清空流程"}


def describe(call, instance: str) -> dict:
    """The one entry that a look-up by id answers."""
    found = call("DescribeInstances", InstanceId=instance)
    assert (found["TotalCount"], len(found["InstanceSet"])) == (1, 1), found
    return found["InstanceSet"][0]


def status(call, instance: str) -> int:
    return describe(call, instance)["Status"]


def wait_for_status(call, instance: str, wanted: int) -> dict:
    """Polls until the status is there; answers all that the entry says then."""
    eventually(lambda: status(call, instance) == wanted)
    return describe(call, instance)


def wait_for_task(call, task: int) -> dict:
    """Follows a task to its end, which must be `succeed`, through the documented statuses in their order."""
    seen = [0]

    def ended():
        info = call("DescribeTaskInfo", TaskId=task)
        assert info["Status"] in TASK_STATUSES, info
        seen.append(TASK_STATUSES.index(info["Status"]))
        assert info["TaskMessage"] == "", info
        return info if info["Status"] == "succeed" else None

    info = eventually(ended)
    assert seen == sorted(seen), f"the status went back: {seen}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", info["StartTime"]), info
    return info


def create(call, **order) -> str:
    """Buys one instance and waits until it runs; None leaves a parameter of the usual order away."""
    asked = {name: value for name, value in (ORDER | order).items() if value is not None}
    bought = call("CreateInstances", **asked)
    assert len(bought["InstanceIds"]) == 1, bought
    wait_for_status(call, bought["InstanceIds"][0], 2)
    return bought["InstanceIds"][0]


def retire(call, instance: str) -> None:
    """Destroys and cleans up, from whatever status the instance has."""
    seen = eventually(lambda: _settled(call, instance))
    if seen["Status"] == 2:
        prepaid = seen["BillingMode"] == 1
        call("DestroyPrepaidInstance" if prepaid else "DestroyPostpaidInstance", InstanceId=instance)
        eventually(lambda: status(call, instance) <= -2)
    if instance in listed(call):
        wait_for_task(call, call("CleanUpInstance", InstanceId=instance)["TaskId"])


def listed(call, **filters) -> list:
    """The ids that a list holds."""
    return [entry["InstanceId"] for entry in call("DescribeInstances", Limit=1000, **filters)["InstanceSet"]]


def _settled(call, instance: str):
    seen = describe(call, instance)
    return seen if seen["Status"] not in (0, 1) else None


def connect(host: str, port: int, password: str | None = PASSWORD) -> redis.Redis:
    """A connection to one node, as its customer."""
    at_once = Retry(NoBackoff(), 0)
    return redis.Redis(host=host, port=port, password=password, socket_timeout=30, retry=at_once, decode_responses=True)


def opens(host: str, port: int, password: str | None = PASSWORD) -> bool:
    """Whether the node takes this customer."""
    try:
        with connect(host, port, password) as node:
            return node.ping()
    except (redis.exceptions.AuthenticationError, redis.exceptions.ConnectionError):
        return False


def fill(node: redis.Redis, keys: int) -> None:
    with node.pipeline(transaction=False) as pipeline:
        for key in range(keys):
            pipeline.set(f"key:{key}", key)
        pipeline.execute()
