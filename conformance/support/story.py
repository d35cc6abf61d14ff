"""The story that every client tells: bought, filled, purged, destroyed and cleaned up."""

import time

from support import instance as of
from support.server import eventually

KEYS = 10_000
# A destroyed instance stays isolated for at least so long; the servers of the stories are set to 8 s.
ISOLATED_SECONDS = 7


def tell(call, server, language: str = "en-US", *, see_deletion: bool = False) -> None:
    """`call` is the client; `see_deletion` also waits until the destroyed instance shows -3 by itself."""
    instance = buy(call)
    nodes = fill(call, server, instance)
    purge(call, instance, nodes, language)
    destroy(call, instance, see_deletion)
    clean_up(call, server, instance)


def buy(call) -> str:
    """Bought with one replica: visible at once, running before long."""
    order = of.ORDER | {
        "InstanceName": "story",
        "VpcId": "vpc-1a2b3c4d",
        "SubnetId": "subnet-1a2b3c4d",
        "ZoneId": 100003,
    }
    bought = call("CreateInstances", **order)
    assert bought["DealId"], bought
    (instance,) = bought["InstanceIds"]
    assert of.status(call, instance) in (0, 1, 2)
    of.wait_for_status(call, instance, 2)
    return instance


def fill(call, server, instance: str) -> list:
    """10,000 keys by a Redis client; the replica has them too. Answers connections to both nodes."""
    seen = of.describe(call, instance)
    ports = server.ports(instance)
    assert (seen["WanIp"], seen["Port"]) == (server.address, ports[0])
    master, replica = (of.connect(server.address, port) for port in ports)
    assert [node.info("replication")["role"] for node in (master, replica)] == ["master", "slave"]
    of.fill(master, KEYS)
    assert master.dbsize() == KEYS
    eventually(lambda: replica.dbsize() == KEYS)
    return [master, replica]


def purge(call, instance: str, nodes: list, language: str) -> None:
    """Purged: the task tells its kind in the caller's language, and at its end no node has a key."""
    cleared = call("ClearInstance", InstanceId=instance, Password=of.PASSWORD)
    info = of.wait_for_task(call, cleared["TaskId"])
    assert [node.dbsize() for node in nodes] == [0, 0]
    assert (info["TaskType"], info["InstanceId"]) == (of.PURGE[language], instance)
    for node in nodes:
        node.close()


def destroy(call, instance: str, see_deletion: bool) -> None:
    """Destroyed: isolated, without clients, and after a while about to be deleted."""
    seen = of.describe(call, instance)
    begun = time.monotonic()
    destroyed = call("DestroyPostpaidInstance", InstanceId=instance)
    assert of.wait_for_task(call, destroyed["TaskId"])["InstanceId"] == instance
    seen_after = of.status(call, instance)
    # A client that starts a process for each call may look too late, on a busy machine.
    assert seen_after == -2 or seen_after == -3 and time.monotonic() - begun > ISOLATED_SECONDS
    assert not of.opens(seen["WanIp"], seen["Port"])
    if see_deletion:
        of.wait_for_status(call, instance, -3)


def clean_up(call, server, instance: str) -> None:
    """Cleaned up: nothing of it on the machine or in lists; by its id it is known as gone."""
    assert server.traces(instance), "the search for traces finds none while the instance is there"
    cleaned = call("CleanUpInstance", InstanceId=instance)
    assert of.wait_for_task(call, cleaned["TaskId"])["InstanceId"] == instance
    assert server.traces(instance) == []
    assert instance not in of.listed(call)
    assert of.status(call, instance) == -3
