"""The server goes away and comes back: what its customers notice of it."""

import signal

import pytest

from support import instance as of
from support import processes
from support.sdk import Sdk
from support.server import eventually


@pytest.fixture
def own(start_server):
    """A server that a story may treat badly."""
    return start_server("--rate-limit", "off")


@pytest.mark.parametrize("blow", [signal.SIGTERM, signal.SIGKILL])
def test_instances_go_on_without_it_and_are_its_own_again(own, blow):
    call = Sdk(own)
    instance = of.create(call)
    engines = {process.pid for folder in own.node_folders(instance) for process in processes.inside(folder)}
    task = call("ClearInstance", InstanceId=instance, Password=of.PASSWORD)["TaskId"]
    own.process.send_signal(blow)
    assert own.process.wait(60) == (0 if blow == signal.SIGTERM else -blow)
    with of.connect(own.address, own.ports(instance)[0]) as master:
        assert master.ping()
        own.restart()
        call = Sdk(own)
        of.wait_for_task(call, task)
        assert of.status(call, instance) == 2
        of.fill(master, 10)
        of.wait_for_task(call, call("ClearInstance", InstanceId=instance, Password=of.PASSWORD)["TaskId"])
        assert master.dbsize() == 0
    assert {process.pid for folder in own.node_folders(instance) for process in processes.inside(folder)} == engines
    of.retire(call, instance)


def test_an_order_that_was_answered_is_met(own):
    call = Sdk(own)
    bought = call("CreateInstances", **of.ORDER | {"GoodsNum": 4})["InstanceIds"]
    own.process.kill()
    own.process.wait(60)
    own.restart()
    call = Sdk(own)
    for instance in bought:
        of.wait_for_status(call, instance, 2)
        assert of.opens(own.address, own.ports(instance)[0])
    for instance in bought:
        of.retire(call, instance)


def test_an_engine_that_dies_comes_back_with_its_data(own):
    call = Sdk(own)
    instance = of.create(call)
    seen = of.describe(call, instance)
    with of.connect(seen["WanIp"], seen["Port"]) as node:
        of.fill(node, 100)
        # The engine writes its log to disk once a second; what is older than that must survive.
        eventually(lambda: node.info("persistence")["aof_pending_bio_fsync"] == 0)
    killed = processes.reap(own.node_folders(instance)[0])
    assert len(killed) == 1
    eventually(lambda: of.opens(seen["WanIp"], seen["Port"]))
    with of.connect(seen["WanIp"], seen["Port"]) as node:
        assert node.dbsize() == 100
    of.retire(call, instance)
