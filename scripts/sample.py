#!/usr/bin/env python3
"""Makes a sample of the state: `scripts/sample.py target/debug/cinnabar` writes crates/server/tests/samples/format-N/; the same
with CINNABAR_TEST_DATABASE_URL set, as `scripts/postgres.sh run` sets it, format-N-postgresql/.

The program itself makes it: several instances, and a task in each of the five statuses, each from a real cause. At the end the
server is killed in the middle of its work, as a power loss would. See docs/upgrades.md.
"""

import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

PASSWORD = "Passw0rd!"
SETTINGS = {
    "CINNABAR_TASKS_WORKERS": "1",
    "CINNABAR_TASKS_DEADLINE": "3",
    "CINNABAR_TASKS_UNDO_DEADLINE": "3",
    "CINNABAR_BACKGROUND_OBSERVE": "200",
    # An address that nobody else uses: a test of the sample starts its nodes there again.
    "CINNABAR_NETWORK_ADDRESSES": "127.91.17.1,127.91.17.2,127.91.17.3,127.91.17.4,127.91.17.5",
}


URL = os.environ.get("CINNABAR_TEST_DATABASE_URL")
if URL:
    # The test of the sample is this host: who makes it must not matter.
    SETTINGS |= {"CINNABAR_DATABASE_URL": URL, "CINNABAR_HOST_NAME": "vm"}


class Server:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        command = [binary, "serve", "--listen", "127.0.0.1:0", "--rate-limit", "off", "--data", folder]
        log = open(os.path.join(folder, "..", "log"), "w")
        self.process = subprocess.Popen(command, env=os.environ | SETTINGS, stdout=subprocess.PIPE, stderr=log, text=True)
        self.process.stdout.readline()

    def call(self, action, **parameters):
        return self.run("call", *action.split(), *(f"{name}={value}" for name, value in parameters.items()))

    def run(self, *words):
        command = [self.binary, *words, "--data", self.folder]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def status(self, task):
        return self.call("DescribeTaskInfo", TaskId=task)["Status"]

    def wait(self, task, status):
        wait_until(lambda: self.status(task) == status, f"task {task} to be {status}")

    def create(self, name):
        answer = self.call("CreateInstances", TypeId=15, ZoneId=100003, MemSize=1024, RedisShardNum=1, RedisReplicasNum=1,
                           GoodsNum=1, BillingMode=0, Period=1, InstanceName=name, Password=PASSWORD)
        instance = answer["InstanceIds"][0]
        wait_until(lambda: self.instances(InstanceId=instance)[0]["Status"] == 2, f"{instance} to run")
        wait_until(lambda: self.instances(InstanceId=instance)[0]["CurrentRedisVersion"], f"{instance} to be observed")
        return instance

    def instances(self, **parameters):
        return self.call("DescribeInstances", **parameters)["InstanceSet"]

    def signal_replica(self, instance, what):
        pid = pathlib.Path(self.folder, "instances", instance, "s1n1")
        for process in processes_in(pid):
            os.kill(process, what)


def wait_until(holds, what):
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    sys.exit(f"waited in vain for {what}")


def processes_in(folder):
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and pathlib.Path(os.readlink(entry / "cwd")).is_relative_to(folder.resolve()):
                yield int(entry.name)
        except OSError:
            pass


def story(server):
    """Who is who; all kinds of task, each final status; the tasks that are still open at the end: one runs, one waits."""
    good, stuck, busy, isolated, cleaned = (server.create(name) for name in ("good", "stuck", "busy", "isolated", "cleaned"))
    server.call("ModifyInstance", Operation="rename", InstanceId=good, InstanceName="renamed")
    server.call("ModifyMaintenanceWindow", InstanceId=good, StartTime="03:00", EndTime="05:00")
    who = identity(server, good, stuck)
    ended = {}

    def task(status, action, **parameters):
        number = server.call(action, **parameters)["TaskId"]
        ended[number] = status
        server.wait(number, status)

    task("succeed", "ClearInstance", InstanceId=good, Password=PASSWORD)
    task("succeed", "ResetPassword", InstanceId=good, Password="An0ther-one")
    for instance in (isolated, cleaned):
        task("succeed", "DestroyPostpaidInstance", InstanceId=instance)
    task("succeed", "StartupInstance", InstanceId=isolated)
    task("succeed", "DestroyPostpaidInstance", InstanceId=isolated)
    task("succeed", "CleanUpInstance", InstanceId=cleaned)
    server.signal_replica(busy, signal.SIGSTOP)
    task("failed", "ClearInstance", InstanceId=busy, Password=PASSWORD)
    server.signal_replica(stuck, signal.SIGSTOP)
    task("error", "ResetPassword", InstanceId=stuck, Password="An0ther-one")
    running = server.call("ClearInstance", InstanceId=busy, Password=PASSWORD)["TaskId"]
    server.wait(running, "running")
    waiting = server.call("ClearInstance", InstanceId=good, Password="An0ther-one")["TaskId"]
    creations = [one for one in server.call("DescribeTaskList", TaskTypes='["001"]', Limit=100)["Tasks"]]
    ended |= {one["TaskId"]: "succeed" for one in creations}
    tasks = ended | {running: server.status(running), waiting: server.status(waiting)}
    if [tasks[running], tasks[waiting]] != ["running", "preparing"]:
        sys.exit(f"too slow: the last tasks are {tasks[running]}, {tasks[waiting]}")
    return tasks, who


def identity(server, seen, hidden):
    """A user who may look at the tasks of one instance, a role for the same, and another account, and the tasks to look at."""
    allow = lambda action, **whom: json.dumps({"version": "2.0", "statement": [{"effect": "allow", "action": action} | whom]})
    one = allow("redis:DescribeTaskInfo", resource=f"qcs::redis:::instance/{seen}")
    trust = allow("sts:AssumeRole", principal={"qcs": ["qcs::cam::uin/100000000001:root"]})
    user = server.call("cam AddUser", Name="reader", UseApi=1)
    policy = server.call("cam CreatePolicy", PolicyName="one-instance", PolicyDocument=one)["PolicyId"]
    server.call("cam AttachUserPolicy", PolicyId=policy, AttachUin=user["Uin"])
    server.call("cam CreateRole", RoleName="reads", PolicyDocument=trust)
    server.call("cam AttachRolePolicy", PolicyId=policy, AttachRoleName="reads")
    stranger = server.run("account", "add", "--name", "another", "--json")
    task = lambda instance: server.call("DescribeTaskList", InstanceId=instance, Limit=1)["Tasks"][0]["TaskId"]
    return {
        "user": [user["SecretId"], user["SecretKey"]],
        "stranger": [stranger["secret_id"], stranger["secret_key"]],
        "role": "qcs::cam::uin/100000000001:roleName/reads",
        "seen": task(seen),
        "hidden": task(hidden),
    }


FORMAT = "SELECT MAX(number) FROM format"
INSTANCES = "SELECT id, name, state FROM instance ORDER BY id"


def sqlite(state):
    """The format, the instances, and what copies the file."""
    database = sqlite3.connect(state)
    for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
        database.execute(statement)
    number, rows = database.execute(FORMAT).fetchone()[0], database.execute(INSTANCES).fetchall()
    database.close()

    def copy(target):
        shutil.copy(state, target / "state.db")
        os.chmod(target / "state.db", 0o644)

    return number, rows, copy


def postgresql():
    """The same of a PostgreSQL: a dump of plain statements for whatever schema they are run in."""
    query = lambda sql: subprocess.run(["psql", "-AtF", "\t", "-c", sql, URL], check=True, capture_output=True, text=True).stdout
    rows = [line.split("\t") for line in query(INSTANCES).splitlines()]
    options = ["--inserts", "--no-owner", "--no-privileges", "--exclude-table=db_writer"]
    dump = subprocess.run(["pg_dump", *options, URL], check=True, capture_output=True, text=True).stdout
    noise = ("--", "SET ", "\\", "SELECT pg_catalog.set_config")
    lines = [line for line in dump.replace("CREATE TABLE public.format (\n    number bigint NOT NULL\n);\n", "")
             .replace("ALTER TABLE ONLY public.format\n    ADD CONSTRAINT format_pkey PRIMARY KEY (number);\n", "").splitlines()
             if line and not line.startswith(noise)]
    text = "\n".join(lines).replace("public.", "") + "\n"
    return int(query(FORMAT)), rows, lambda target: (target / "state.sql").write_text(text)


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, "data")
        os.mkdir(folder, 0o700)
        server = Server(binary, folder)
        try:
            tasks, who = story(server)
            server.process.kill()
            number, rows, copy = postgresql() if URL else sqlite(os.path.join(folder, "state.db"))
            instances = {id: {"name": name, "state": state} for id, name, state in rows}
            name = f"format-{number}-postgresql" if URL else f"format-{number}"
            target = pathlib.Path(__file__).parent.parent / "crates/server/tests/samples" / name
            target.mkdir(parents=True, exist_ok=True)
            copy(target)
            expected = {"instances": instances, "tasks": {str(id): tasks[id] for id in sorted(tasks)}, "identity": who}
            (target / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")
            print(f"{target}: {len(instances)} instances, {len(tasks)} tasks")
        finally:
            server.process.kill()
            for process in processes_in(pathlib.Path(scratch)):
                os.kill(process, signal.SIGKILL)
            time.sleep(0.2)


main()
