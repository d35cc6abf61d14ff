"""What each client is asked to show, a function a cell of the table in docs/clients.md. `connect` makes a connection: a
callable that takes an action's name and its parameters; it is given what differs from the usual settings."""

import re
import uuid

from support import instance as of
from support import story
from support.driver import Refused

MISSING = "crs-00000000"


def refused(call, action: str, **parameters) -> Refused:
    """The refusal, which must be complete."""
    try:
        answer = call(action, **parameters)
    except Refused as refusal:
        assert refusal.message, refusal
        assert str(uuid.UUID(refusal.request_id)) == refusal.request_id
        return refusal
    raise AssertionError(f"{action} was not refused: {answer}")


def way(sign: str, method: str):
    """Flattened lists and objects, text beyond ASCII, a purge to its end, and a refusal."""

    def cell(stage, connect):
        call = connect(sign=sign, method=method)
        name = f"缓存-{sign[-6:]}-{method}"
        call("ModifyInstance", Operation="rename", InstanceId=stage.instance, InstanceName=name)
        asked = {"Status": [2, -2], "TypeList": [17], "Limit": 5, "Offset": 0}
        found = call("DescribeInstances", SearchKeys=["缓存", "a b+c&d=e%2Bf/g~*"], **asked)
        assert [(one["InstanceId"], one["InstanceName"]) for one in found["InstanceSet"]] == [(stage.instance, name)]
        assert found["TotalCount"] == 1
        tags = [{"TagKey": "team", "TagValue": "a"}, {"TagKey": "x" * 128, "TagValue": "b"}]
        assert "ResourceTags.1.TagKey" in refused(call, "CreateInstances", **of.ORDER | {"ResourceTags": tags}).message
        cleared = call("ClearInstance", InstanceId=stage.instance, Password=of.PASSWORD)
        assert of.wait_for_task(call, cleared["TaskId"])["TaskType"] == of.PURGE["en-US"]
        assert refused(call, "DescribeTaskInfo", TaskId=4_000_000_000).code == "InvalidParameter.InvalidParameter"

    return cell


def whole_story(stage, connect):
    """Bought, filled with 10,000 keys, purged, destroyed and cleaned up."""
    story.tell(connect(), stage.server)


def errors(stage, connect):
    """Code, message and request id of what can go wrong, one of them in both languages; and that nothing changes."""
    call, chinese = connect(), connect(language="zh-CN")
    before = of.listed(call)
    assert re.search("[一-鿿]", refused(chinese, "DescribeTaskInfo", TaskId=4_000_000_000).message)
    for action, parameters, code in [
        ("DescribeTaskInfo", {"TaskId": 4_000_000_000}, "InvalidParameter.InvalidParameter"),
        ("DescribeMaintenanceWindow", {"InstanceId": MISSING}, "ResourceNotFound.InstanceNotExists"),
        ("ClearInstance", {"InstanceId": stage.instance}, "InvalidParameterValue.PasswordEmpty"),
        ("CreateInstances", of.ORDER | {"MemSize": 1000}, "LimitExceeded.InvalidMemSize"),
        ("DestroyPrepaidInstance", {"InstanceId": stage.instance}, "InvalidParameterValue.UnSupportedType"),
    ]:
        english = refused(call, action, **parameters)
        assert (english.code, english.message.isascii()) == (code, True), english
    for changed, code in [
        ({"key": "x" * 32}, "AuthFailure.SignatureFailure"),
        ({"id": "AKID" + "x" * 32}, "AuthFailure.SecretIdNotFound"),
        ({"region": "ap-nowhere"}, "UnsupportedRegion"),
    ]:
        assert refused(connect(**changed), "DescribeInstances").code == code
    assert of.listed(call) == before


def retry(stage, connect):
    """With its retries on, a refusal for the rate is not seen; without them it is."""
    plan = ["--code", "RequestLimitExceeded", "--message", "planned", "--uses", "1"]
    on_stage = {"endpoint": stage.levered.endpoint, "id": stage.levered.secret_id, "key": stage.levered.secret_key}
    used = len(stage.levers("list")["uses"])
    stage.levers("plan", "action", "DescribeInstances", *plan)
    assert refused(connect(**on_stage), "DescribeInstances").code == "RequestLimitExceeded"
    stage.levers("plan", "action", "DescribeInstances", *plan)
    assert connect(retry=True, **on_stage)("DescribeInstances")["TotalCount"] == 1
    assert len(stage.levers("list")["uses"]) == used + 2


def breaker(stage, connect):
    """With its region breaker on: a breaker takes refusals for health, so that it stays with its region."""
    call = connect(breaker=True)
    for _ in range(12):
        assert refused(call, "DescribeTaskInfo", TaskId=4_000_000_000).code == "InvalidParameter.InvalidParameter"
    assert of.status(call, stage.instance) == 2


def breaker_opens(stage, connect):
    """With its region breaker on, and a region that cannot be reached: after some failures the backup region's name is asked."""
    call = connect(breaker=True, scheme="https", endpoint="redis.nowhere.example", proxy=stage.server.url)
    reached = [is_reached(call) for _ in range(8)]
    assert reached == sorted(reached) and not reached[0] and reached[-1], reached
    assert of.status(call, stage.instance) == 2


def is_reached(call) -> bool:
    """How a client fails that reaches nobody is its own affair."""
    try:
        return "TotalCount" in call("DescribeInstances")
    except Exception:  # noqa: BLE001
        return False


def proxy(stage, connect):
    """By the cloud's own name, through the client's own proxy setting."""
    call = connect(endpoint=None, proxy=stage.server.url)
    assert of.status(call, stage.instance) == 2
    assert refused(call, "DescribeTaskInfo").code == "MissingParameter"


def https(stage, connect):
    """By the server's address; its own authority is trusted in the client's own way."""
    call = connect(scheme="https")
    assert of.status(call, stage.instance) == 2
    assert refused(call, "DescribeTaskInfo", TaskId=4_000_000_000).code == "InvalidParameter.InvalidParameter"


def tunnel(stage, connect):
    """By the cloud's own name over HTTPS, as clients do that know nothing else: through the proxy, with CONNECT."""
    call = connect(scheme="https", endpoint=None, proxy=stage.server.url)
    cleared = call("ClearInstance", InstanceId=stage.instance, Password=of.PASSWORD)
    assert of.wait_for_task(call, cleared["TaskId"])["InstanceId"] == stage.instance


CELLS = {
    "TC3 POST": way("TC3-HMAC-SHA256", "POST"),
    "TC3 GET": way("TC3-HMAC-SHA256", "GET"),
    "SHA1 POST": way("HmacSHA1", "POST"),
    "SHA1 GET": way("HmacSHA1", "GET"),
    "SHA256 POST": way("HmacSHA256", "POST"),
    "SHA256 GET": way("HmacSHA256", "GET"),
    "story": whole_story,
    "errors": errors,
    "retry": retry,
    "breaker": breaker,
    "breaker opens": breaker_opens,
    "proxy": proxy,
    "HTTPS": https,
    "CONNECT": tunnel,
}
