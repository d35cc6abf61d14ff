"""The clients of the table: what each is, where its version stands, and what it has not got."""

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from support.driver import Driver, Refused, Settings
from support.sdk import Retryer, Sdk
from support.tccli import Tccli
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

HERE = Path(__file__).resolve().parent.parent
# Where run.sh has installed the drivers, a folder a client.
DRIVERS = Path(os.environ.get("CINNABAR_DRIVERS", HERE.parent / "target/conformance-drivers"))


class Python:
    """The SDK of the other stories, in this process."""

    def __init__(self, folder: Path, variables: dict):
        pass

    def connect(self, made: Settings, service: str = "redis"):
        words = {"sign": made.sign, "method": made.method, "language": made.language, "breaker": made.breaker}
        where = {"protocol": made.scheme, "endpoint": made.endpoint, "proxy": made.proxy, "region": made.region}
        where |= {"certification": made.ca} if made.scheme == "https" else {}
        sdk = Sdk(None, service, key=(made.id, made.key), **words, **where)
        if made.retry:
            sdk.client.profile.retryer = Retryer()

        def call(action: str, **parameters) -> dict:
            try:
                return sdk(action, **parameters)
            except TencentCloudSDKException as refusal:
                raise Refused(refusal.get_code(), refusal.get_message(), refusal.get_request_id() or "") from None

        return call

    def close(self) -> None:
        pass


class CommandLine:
    """tccli, a process a call."""

    REFUSAL = re.compile(r"\[TencentCloudSDKException\] code:(\S+) message:(.*) requestId:(\S+)", re.DOTALL)

    def __init__(self, folder: Path, variables: dict):
        self.home = folder

    def connect(self, made: Settings, service: str = "redis"):
        tccli = Tccli(made.endpoint or "redis.tencentcloudapi.com", self.home, {})
        if made.scheme == "http":
            tccli.endpoint = f"http://{made.endpoint}"
        else:
            tccli.accept(Path(made.ca), self.home)
            tccli.environment |= {"HTTPS_PROXY": made.proxy} if made.proxy else {}
        options = ["--secretId", made.id, "--secretKey", made.key, "--region", made.region, "--language", made.language]

        def call(action: str, **parameters) -> dict:
            done = tccli.ask(action, parameters, *options)
            if refusal := self.REFUSAL.search(done.stderr):
                raise Refused(*refusal.groups())
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        return call

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class Kind:
    """One line of the table. `pinned` is the file and the pattern that tell its version."""

    title: str
    pinned: tuple
    # The driver's folder below conformance/; None for what is written in Python.
    driver: str | None = None
    made: type | None = None
    # Cell and reason.
    lacks: dict = field(default_factory=dict)

    def version(self) -> str:
        file, pattern = self.pinned
        return re.search(pattern, (HERE / file).read_text())[1]

    def present(self) -> bool:
        return not self.driver or (DRIVERS / self.driver / "run").is_file()

    def start(self, folder: Path, variables: dict):
        if self.driver:
            return Driver(DRIVERS / self.driver / "run", folder, variables)
        return self.made(folder, variables)


V1 = [f"{sign} {method}" for sign in ("SHA1", "SHA256") for method in ("POST", "GET")]
BREAKER = ["breaker", "breaker opens"]

KINDS = [
    Kind(
        "Python SDK",
        ("requirements.txt", r"tencentcloud-sdk-python==(\S+)"),
        made=Python,
    ),
    Kind(
        "tccli",
        ("requirements.txt", r"tccli==(\S+)"),
        made=CommandLine,
        lacks={"TC3 GET": "sends POST alone"}
        | dict.fromkeys(V1, "signs with TC3 alone")
        | {
            "retry": "tries once; its waiter is shown by the stories of its own folder",
            **dict.fromkeys(BREAKER, "has none"),
            "proxy": "knows a proxy for HTTPS alone",
        },
    ),
    Kind(
        "Node SDK",
        ("node/package.json", r'"tencentcloud-sdk-nodejs": "(\S+)"'),
        driver="node",
        lacks={"retry": "tries once"} | dict.fromkeys(BREAKER, "has none"),
    ),
    Kind(
        "Go SDK",
        ("go/go.mod", r"tencentcloud-sdk-go (\S+)"),
        driver="go",
        lacks={"retry": "tries once in this version"} | dict.fromkeys(BREAKER, "has none in this version"),
    ),
    Kind(
        "Go SDK, common",
        ("gocommon/go.mod", r"common (\S+)"),
        driver="gocommon",
        lacks=dict.fromkeys(["TC3 GET", *V1], "is the generic client, which puts parameters into JSON alone"),
    ),
    Kind(
        "Java SDK",
        ("java/pom.xml", r"redis</artifactId>\s*<version>(\S+)</version>"),
        driver="java",
        lacks={"breaker opens": "asks the endpoint that it was given whatever its breaker says"},
    ),
]
