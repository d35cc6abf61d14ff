"""tccli before a server that does what was planned."""

import json

from support import instance as of


def test_a_task_that_fails_as_planned_and_a_waiter_that_sees_it(levers, planned):
    """The waiter's look is one of the answers that are counted."""
    (entry,) = planned("DescribeInstances", InstanceName="seeded")["InstanceSet"]
    levers("plan", "task", "--kind", "ClearInstance", "--running-polls", "2", "--fail", "the disk is full")
    task = planned("ClearInstance", InstanceId=entry["InstanceId"], Password=of.PASSWORD)["TaskId"]
    waiter = json.dumps({"expr": "Status", "to": "failed", "timeout": 60, "interval": 1})
    done = planned.run("redis", "DescribeTaskInfo", "--TaskId", str(task), "--waiter", waiter)
    assert done.returncode == 0, done.stderr
    info = json.loads(done.stdout[done.stdout.index("{") :])
    assert (info["Status"], info["TaskMessage"]) == ("failed", "the disk is full")
    (use,) = levers("list")["uses"]
    assert (use["task"], use["polls"]) == (task, 3)


def test_a_refusal_as_planned(levers, planned):
    levers("plan", "action", "DescribeInstances", "--code", "FailedOperation.MadeUp", "--message", "try later")
    done = planned.run("redis", "DescribeInstances")
    assert (done.returncode, done.stdout) == (255, ""), done
    assert "code:FailedOperation.MadeUp message:try later" in done.stderr
    assert planned("DescribeInstances")["TotalCount"] == 1
