"""Cloud Custodian starts: it asks https://sts.REGION.tencentcloudapi.com, and nothing else, whose account this is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.tccli import accepting

# A kind of resource that no server of Redis has.
POLICY = {"policies": [{"name": "started", "resource": "tencentcloud.cvm"}]}


@pytest.fixture
def custodian(server, tmp_path):
    """Runs the policy; answers the process and the folder of its output."""
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(POLICY))

    def run(**changed) -> tuple:
        keys = {name: value for name, value in server.variables().items() if name.startswith("TENCENTCLOUD_SECRET")}
        variables = keys | {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HTTPS_PROXY": server.url}
        variables |= {"PYTHONPATH": accepting(server.authority, tmp_path / "python"), "NO_PROXY": ""} | changed
        program = Path(sys.executable).parent / "custodian"
        command = [program, "run", "--dryrun", "-s", tmp_path / "out", "-r", "ap-guangzhou", policy]
        done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        return done, tmp_path / "out"

    return run


def test_it_starts(custodian):
    """It looks for its account at the wrong depth of the answer, in this version, so that nothing of it can be seen."""
    done, out = custodian()
    assert (out / "started/metadata.json").is_file(), done.stderr
    # What it then asks about is served by nobody here, and said so.
    assert "code:InvalidAction" in done.stderr and "`DescribeInstances`" in done.stderr


def test_a_wrong_key_ends_it_before_its_policies(custodian):
    done, out = custodian(TENCENTCLOUD_SECRET_KEY="x" * 32)
    assert done.returncode != 0 and "code:AuthFailure.SignatureFailure" in done.stderr, done.stderr
    assert not out.exists()
