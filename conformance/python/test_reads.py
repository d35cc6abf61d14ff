"""What clients read: lists and their pages, the fields that they use without looking, the services around redis."""

import re

import pytest

from support import instance as of
from support.sdk import REGION, Sdk

# Fields that some client uses without asking whether they are there.
INSTANCE = """
    InstanceId InstanceName Status Type ZoneId ProjectId BillingMode NoAuth SlaveReadWeight Port WanIp UniqVpcId UniqSubnetId
    Createtime RedisShardSize RedisShardNum RedisReplicasNum NetLimit ClientLimit ReadOnly InstanceTags Size SizeUsed RegionId
    AutoRenewFlag Engine ProductType CurrentRedisVersion WanAddress
""".split()
TASK = "Status StartTime TaskType InstanceId TaskMessage".split()
DEAL = "DealId DealName ZoneId GoodsNum Creater CreatTime EndTime Status Description Price InstanceIds".split()
ZONE = "Zone ZoneName ZoneId ZoneState".split()
PRODUCT = "Type TypeName Version PayMode Saleout ShardNum ReplicaNum TotalSize ShardSize MinBuyNum MaxBuyNum".split()


def assert_filled(entry: dict, names: list) -> None:
    assert [name for name in names if entry.get(name) is None] == [], entry


@pytest.fixture(scope="module")
def family(call):
    """Seven instances with names that sort, bought in one go."""
    bought = call("CreateInstances", **of.ORDER | {"GoodsNum": 7, "InstanceName": "family"})["InstanceIds"]
    for instance in bought:
        of.wait_for_status(call, instance, 2)
    for number, instance in enumerate(bought):
        call("ModifyInstance", Operation="rename", InstanceId=instance, InstanceName=f"family-{number}")
    yield bought
    for instance in bought:
        of.retire(call, instance)


class TestLists:
    def test_as_terraform_walks(self, call, family):
        """Pages of two, by the count of the first page."""
        page = call("DescribeInstances", Offset=0, Limit=2, SearchKey="family")
        total, seen = page["TotalCount"], page["InstanceSet"]
        assert total == len(family)
        while len(seen) < total:
            page = call("DescribeInstances", Offset=len(seen), Limit=2, SearchKey="family")
            assert page["TotalCount"] == total
            assert len(page["InstanceSet"]) == min(2, total - len(seen))
            seen += page["InstanceSet"]
        assert sorted(entry["InstanceId"] for entry in seen) == sorted(family)
        beyond = call("DescribeInstances", Offset=8, Limit=2, SearchKey="family")
        assert (beyond["TotalCount"], beyond["InstanceSet"]) == (total, [])

    def test_as_cloudmux_walks(self, server, family):
        """The v1 signature, a form, and numbers as text."""
        call = Sdk(server, sign="HmacSHA256")
        pages = [
            call("DescribeInstances", Offset=offset, Limit=4, SearchKey="family")["InstanceSet"] for offset in (0, 4)
        ]
        assert [len(page) for page in pages] == [4, 3]
        assert sorted(entry["InstanceId"] for page in pages for entry in page) == sorted(family)

    @pytest.mark.parametrize(("order_type", "backwards"), [(1, True), (0, False)])
    def test_ordered_by_name(self, call, family, order_type, backwards):
        found = call("DescribeInstances", SearchKey="family", OrderBy="instancename", OrderType=order_type)
        names = [entry["InstanceName"] for entry in found["InstanceSet"]]
        assert names == sorted(names, reverse=backwards)
        assert len(names) == len(family)

    @pytest.mark.parametrize("order_by", ["projectId", "createtime", "instancename", "type", "curDeadline"])
    def test_in_every_order_each_once(self, call, family, order_by):
        assert sorted(of.listed(call, SearchKey="family", OrderBy=order_by)) == sorted(family)

    @pytest.mark.parametrize(
        "filters",
        [
            lambda ids: {"SearchKey": ids[2]},
            lambda ids: {"SearchKeys": [ids[2]]},
            lambda ids: {"SearchKeys": ["family-2"]},
            lambda ids: {"InstanceName": "family-2"},
            lambda ids: {"InstanceId": ids[2]},
            lambda ids: {"InstanceIds": [ids[2], "crs-00000000"]},
            lambda ids: {
                "InstanceIds": [ids[2]],
                "Status": [2],
                "Type": 17,
                "BillingMode": "postpaid",
                "ProjectIds": [0],
            },
            lambda ids: {"InstanceIds": [ids[2]], "EngineName": "Redis-7.0", "ProductVersions": ["local"]},
            lambda ids: {"InstanceIds": [ids[2]], "TypeVersion": 2, "AutoRenew": [0], "AzMode": "singleaz"},
        ],
    )
    def test_found_by(self, call, family, filters):
        assert of.listed(call, **filters(family)) == [family[2]]

    @pytest.mark.parametrize(
        "filters",
        [
            {"InstanceId": "crs-00000000"},
            {"SearchKey": "nobody-has-this-name"},
            {"SearchKey": "family", "Status": [-2]},
            {"SearchKey": "family", "BillingMode": "prepaid"},
            {"SearchKey": "family", "TypeList": [15]},
            {"SearchKey": "family", "UniqVpcIds": ["vpc-00000000"]},
            {"SearchKey": "family", "AzMode": "multiaz"},
        ],
    )
    def test_nothing_found_is_an_empty_list(self, call, family, filters):
        found = call("DescribeInstances", **filters)
        assert (found["TotalCount"], found["InstanceSet"]) == (0, [])

    def test_regions_are_apart(self, server, family):
        found = Sdk(server, region="ap-beijing")("DescribeInstances", SearchKey="family")
        assert (found["TotalCount"], found["InstanceSet"]) == (0, [])


class TestFields:
    def test_of_an_instance(self, server, call, shared):
        seen = of.describe(call, shared)
        assert_filled(seen, INSTANCE)
        assert seen["InstanceTags"] == [{"TagKey": "team", "TagValue": "a"}]
        assert seen["NodeSet"] in (None, [])
        numbers = {
            name: seen[name] for name in ("Type", "RedisShardSize", "RedisShardNum", "RedisReplicasNum", "RegionId")
        }
        assert numbers == {"Type": 17, "RedisShardSize": 1024, "RedisShardNum": 1, "RedisReplicasNum": 1, "RegionId": 1}
        with of.connect(seen["WanIp"], seen["Port"]) as node:
            said = node.info("server")
            assert said.get("valkey_version", said["redis_version"]).startswith(seen["CurrentRedisVersion"])

    @pytest.mark.parametrize(("language", "ascii_only"), [("en-US", True), ("zh-CN", False)])
    def test_of_a_task(self, server, shared, language, ascii_only):
        call = Sdk(server, language=language)
        listed = call("DescribeTaskList", InstanceId=shared)
        assert listed["TotalCount"] == len(listed["Tasks"]) > 0
        for task in listed["Tasks"]:
            assert_filled(
                task, ["TaskId", "Result", "StartTime", "EndTime", "TaskType", "InstanceId", "InstanceName", "Progress"]
            )
            assert (task["Result"], task["Progress"], task["InstanceId"]) == (2, 1, shared)
            info = call("DescribeTaskInfo", TaskId=task["TaskId"])
            assert_filled(info, TASK)
            assert (info["Status"], info["InstanceId"], info["TaskMessage"]) == ("succeed", shared, "")
            assert info["TaskType"].isascii() is ascii_only

    def test_of_the_task_list_by_filter(self, call, shared):
        everything = {
            "InstanceId": shared,
            "TaskTypes": ["001"],
            "Result": [2],
            "BeginTime": "2020-01-01 00:00:00",
            "Offset": 0,
            "Limit": 100,
        }
        assert call("DescribeTaskList", **everything)["TotalCount"] == 1
        assert call("DescribeTaskList", **everything | {"TaskTypes": ["004"]})["Tasks"] == []
        assert call("DescribeTaskList", **everything | {"Result": [4]})["Tasks"] == []

    def test_of_a_deal(self, call, shared):
        bought = call("DescribeTaskList", InstanceId=shared)
        assert bought["TotalCount"] >= 1
        order = call("CreateInstances", **of.ORDER)
        (deal,) = call("DescribeInstanceDealDetail", DealIds=[order["DealName"]])["DealDetails"]
        assert_filled(deal, DEAL)
        of.retire(call, order["InstanceIds"][0])

    def test_of_nodes(self, server, call, shared):
        nodes = call("DescribeInstanceNodeInfo", InstanceId=shared, Limit=20, Offset=0)
        assert (nodes["RedisCount"], len(nodes["Redis"])) == (2, 2)
        assert (nodes["ProxyCount"], nodes["Proxy"]) == (0, [])
        assert sorted(node["NodeRole"] for node in nodes["Redis"]) == ["master", "slave"]
        assert all(re.fullmatch("[0-9a-f]{40}", node["NodeId"]) for node in nodes["Redis"])

    def test_of_what_is_sold(self, call):
        regions = call("DescribeProductInfo")["RegionSet"]
        (region,) = [region for region in regions if region["RegionId"] == REGION]
        for zone in region["ZoneSet"]:
            assert zone["ZoneId"] == zone["ZoneName"] and zone["IsSaleout"] is False, zone
            for product in zone["ProductSet"]:
                assert_filled(product, PRODUCT)
        assert "ap-guangzhou-3" in [zone["ZoneName"] for zone in region["ZoneSet"]]
        sold = {
            (product["Type"], product["PayMode"]): product
            for zone in region["ZoneSet"]
            for product in zone["ProductSet"]
        }
        standard = sold[17, "0"]
        assert ("1" in standard["ShardNum"], "1" in standard["ReplicaNum"], "1" in standard["TotalSize"]) == (
            True,
            True,
            True,
        )
        assert (17, "1") in sold


class TestAroundRedis:
    """The services that Terraform and others ask before they ask redis."""

    @pytest.mark.parametrize(
        ("service", "asked"), [("region", {"Product": "redis"}), ("api", {"Product": "redis"}), ("cvm", {})]
    )
    def test_zones(self, server, shared, service, asked):
        zones = Sdk(server, service)("DescribeZones", **asked)
        assert zones["TotalCount"] == len(zones["ZoneSet"]) > 0
        for zone in zones["ZoneSet"]:
            assert_filled(zone, ZONE)
        ids = {zone["Zone"]: zone["ZoneId"] for zone in zones["ZoneSet"]}
        assert ids["ap-guangzhou-3"] == "100003"
        assert str(of.describe(Sdk(server), shared)["ZoneId"]) in ids.values()

    @pytest.mark.parametrize(
        ("service", "asked"), [("region", {"Product": "redis"}), ("api", {"Product": "redis"}), ("cvm", {})]
    )
    def test_regions(self, server, service, asked):
        regions = Sdk(server, service)("DescribeRegions", **asked)
        assert regions["TotalCount"] == len(regions["RegionSet"])
        states = {region["Region"]: region["RegionState"] for region in regions["RegionSet"]}
        assert states[REGION] == "AVAILABLE"
        assert all(region["RegionName"] for region in regions["RegionSet"])

    def test_products(self, server):
        products = Sdk(server, "region")("DescribeProducts", Limit=20, Offset=0)
        assert "redis" in [product["Name"] for product in products["Products"]]

    @pytest.mark.parametrize(
        ("sign", "method"), [("TC3-HMAC-SHA256", "POST"), ("HmacSHA256", "POST"), ("TC3-HMAC-SHA256", "GET")]
    )
    def test_who_is_asking(self, server, sign, method):
        caller = Sdk(server, "sts", sign=sign, method=method)("GetCallerIdentity")
        assert caller["AccountId"] == caller["UserId"] == "100000000001"
        assert "100000000001" in caller["Arn"]
