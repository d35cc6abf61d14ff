"""`cinnabar lever …` for one server, as somebody uses it who tests a client."""

import json
import subprocess

from support.server import environment

SEED = """
[[instances]]
InstanceName = "seeded"
TypeId = 17
MemSize = 1024
RedisReplicasNum = 1
Password = "Passw0rd!"
SecurityGroupIdList = ["sg-1a2b3c4d"]
tags = { team = "a" }
fill = 100
"""


class Levers:
    def __init__(self, server):
        self.server = server

    def run(self, *words: str) -> subprocess.CompletedProcess:
        command = [self.server.binary, "lever", *words, "--data", self.server.data]
        return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)

    def __call__(self, *words: str) -> dict:
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
