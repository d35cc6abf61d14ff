"""Asks as cloudmux does: signature v1 with HmacSHA256, a form by POST, every value as text, the cloud's own name over HTTPS."""

import base64
import hashlib
import hmac
import random
import time

import requests

from support.driver import Refused

HOST = "redis.tencentcloudapi.com"


def flattened(value, name: str = "") -> dict:
    """`NodeSet.0.NodeType=1`: lists by place, objects by key."""
    entries = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else None
    if entries is None:
        return {name: str(value).lower() if isinstance(value, bool) else str(value)}
    found = {}
    for key, inner in entries:
        found |= flattened(inner, f"{name}.{key}" if name else str(key))
    return found


def signed(form: dict, secret: str) -> dict:
    text = f"POST{HOST}/?" + "&".join(f"{name}={form[name]}" for name in sorted(form))
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return form | {"Signature": base64.b64encode(digest).decode()}


class Cloudmux:
    """A callable as the stories want it."""

    def __init__(self, server):
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.proxies = {"https": server.url}
        self.session.verify = str(server.authority)

    def __call__(self, action: str, **parameters) -> dict:
        common = {
            "Action": action,
            "Version": "2018-04-12",
            "Region": "ap-guangzhou",
            "Language": "en-US",
            "Timestamp": str(int(time.time())),
            "Nonce": str(random.randint(1, 2**31)),
            "SecretId": self.server.secret_id,
            "SignatureMethod": "HmacSHA256",
        }
        form = signed(common | flattened(parameters), self.server.secret_key)
        answer = self.session.post(f"https://{HOST}/", data=form, timeout=60)
        assert answer.status_code == 200, answer
        response = answer.json()["Response"]
        if error := response.get("Error"):
            raise Refused(error["Code"], error["Message"], response["RequestId"])
        return response
