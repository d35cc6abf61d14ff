//! What only the tag service knows.

use super::Error;

/// A resource that is not written in six segments, or not one of Redis.
pub fn invalid_resource(resource: &str, rule: &str, rule_zh: &str) -> Error {
    Error::new(
        "InvalidParameterValue.ResourceDescriptionError",
        format!(
            "The value `{}` of parameter `Resource` is not valid: {rule}; write qcs::redis:REGION:uin/UIN:instance/ID.",
            resource.escape_debug()
        ),
        format!(
            "参数 `Resource` 的取值 `{}` 错误：{rule_zh}；格式为 qcs::redis:地域:uin/UIN:instance/实例ID。",
            resource.escape_debug()
        ),
    )
}

/// A service whose resources are not here.
pub fn invalid_service_type(service: &str) -> Error {
    Error::new(
        "InvalidParameterValue.ServiceTypeInvalid",
        format!(
            "The value `{}` of parameter `ServiceType` is not valid: only `redis` has resources here.",
            service.escape_debug()
        ),
        format!("参数 `ServiceType` 的取值 `{}` 错误：本服务仅有 `redis` 资源。", service.escape_debug()),
    )
}

/// A kind of resource that is not here.
pub fn invalid_resource_prefix(prefix: &str) -> Error {
    Error::new(
        "InvalidParameterValue.ResourcePrefixInvalid",
        format!(
            "The value `{}` of parameter `ResourcePrefix` is not valid: resources of redis have the prefix `instance`.",
            prefix.escape_debug()
        ),
        format!("参数 `ResourcePrefix` 的取值 `{}` 错误：redis 资源的前缀为 `instance`。", prefix.escape_debug()),
    )
}

/// No such region.
pub fn invalid_region(region: &str) -> Error {
    Error::new(
        "InvalidParameterValue.RegionInvalid",
        format!(
            "The value `{}` of parameter `ResourceRegion` is not valid: region:DescribeRegions lists the regions.",
            region.escape_debug()
        ),
        format!("参数 `ResourceRegion` 的取值 `{}` 错误：可用地域见 region:DescribeRegions。", region.escape_debug()),
    )
}

/// A tag that is to be set and taken away at once.
pub fn set_and_deleted(path: &str, key: &str) -> Error {
    Error::new(
        "InvalidParameterValue.DeleteTagsParamError",
        format!(
            "The tag key `{}` of `{path}` is in `ReplaceTags` too; it can be in one of the two.",
            key.escape_debug()
        ),
        format!("`{path}` 的标签键 `{}` 同时出现在 `ReplaceTags` 中，二者只能选一。", key.escape_debug()),
    )
}

/// More tags than one resource may have.
pub fn too_many(count: usize, most: usize) -> Error {
    Error::new(
        "LimitExceeded.ResourceAttachedTags",
        format!("The instance would have {count} tags; it may have {most}."),
        format!("该实例将有 {count} 个标签，上限为 {most} 个。"),
    )
}
