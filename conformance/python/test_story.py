"""The whole story with the Python SDK, once for each way it has to sign and send."""

import pytest

from support import story
from support.sdk import AsyncSdk, Sdk

WAYS = {
    "TC3 POST": {},
    "TC3 GET": {"method": "GET"},
    "HmacSHA1 POST": {"sign": "HmacSHA1"},
    "HmacSHA256 GET": {"sign": "HmacSHA256", "method": "GET"},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_bought_filled_purged_destroyed_and_cleaned_up(server, way):
    story.tell(Sdk(server, **way), server)


def test_in_chinese_until_the_clock_gives_the_instance_up(server):
    story.tell(Sdk(server, language="zh-CN"), server, "zh-CN", see_deletion=True)


def test_with_the_asynchronous_client(server):
    call = AsyncSdk(server)
    try:
        story.tell(call, server)
    finally:
        call.close()
