//! What is sold: the types, their sizes, and which engine version each stands for.

/// One TypeId.
#[derive(Debug, PartialEq, Eq)]
pub struct Product {
    /// The wire's TypeId.
    pub type_id: i64,
    /// The family of engines that serves it.
    pub family: Family,
    /// Major and minor version that it stands for.
    pub version: (u32, u32),
    /// Standard or cluster.
    pub architecture: Architecture,
}

/// Redis or Valkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// redis-server.
    Redis,
    /// valkey-server.
    Valkey,
}

/// How the data is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// One master with replicas.
    Standard,
    /// Shards.
    Cluster,
}

const fn product(type_id: i64, family: Family, version: (u32, u32), architecture: Architecture) -> Product {
    Product { type_id, family, version, architecture }
}

/// Every TypeId that can be named. Clusters are known, and refused until they are there.
pub const PRODUCTS: &[Product] = &[
    product(2, Family::Redis, (2, 8), Architecture::Standard),
    product(6, Family::Redis, (4, 0), Architecture::Standard),
    product(7, Family::Redis, (4, 0), Architecture::Cluster),
    product(8, Family::Redis, (5, 0), Architecture::Standard),
    product(9, Family::Redis, (5, 0), Architecture::Cluster),
    product(15, Family::Redis, (6, 2), Architecture::Standard),
    product(16, Family::Redis, (6, 2), Architecture::Cluster),
    product(17, Family::Redis, (7, 0), Architecture::Standard),
    product(18, Family::Redis, (7, 0), Architecture::Cluster),
    product(19, Family::Valkey, (8, 0), Architecture::Standard),
    product(20, Family::Valkey, (8, 0), Architecture::Cluster),
    product(21, Family::Valkey, (9, 0), Architecture::Standard),
    product(22, Family::Valkey, (9, 0), Architecture::Cluster),
];

/// Memory sizes sold, GB.
pub const SIZES_GB: &[i64] = &[1, 2, 4, 8, 12, 16, 20, 24, 32, 40, 48, 64];

/// The product of a TypeId.
#[must_use]
pub fn find(type_id: i64) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.type_id == type_id)
}

impl Product {
    /// `Redis 7.0`, `Valkey 8.0`.
    #[must_use]
    pub fn version_text(&self) -> String {
        let family = match self.family {
            Family::Redis => "Redis",
            Family::Valkey => "Valkey",
        };
        format!("{family} {}.{}", self.version.0, self.version.1)
    }

    /// The most replicas that it can have.
    #[must_use]
    pub const fn max_replicas(&self) -> i64 {
        if self.type_id == 2 { 1 } else { 5 }
    }
}

/// An engine that is installed on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    /// Redis or Valkey.
    pub family: Family,
    /// Major, minor, patch.
    pub version: (u32, u32, u32),
    /// The executable.
    pub path: String,
}

impl Engine {
    /// `7.0.15`.
    #[must_use]
    pub fn version_text(&self) -> String {
        let (major, minor, patch) = self.version;
        format!("{major}.{minor}.{patch}")
    }

    fn serves(&self, product: &Product) -> bool {
        (self.family, (self.version.0, self.version.1)) == (product.family, product.version)
    }
}

/// The engine for a product: the one that it stands for; unless `strict`, else the nearest of the same family, else the nearest.
#[must_use]
pub fn choose<'e>(product: &Product, engines: &'e [Engine], strict: bool) -> Option<&'e Engine> {
    let exact = engines.iter().filter(|engine| engine.serves(product)).max_by_key(|engine| engine.version);
    if exact.is_some() || strict {
        return exact;
    }
    let distance = |engine: &&Engine| {
        let minor = |major: u32, minor: u32| i64::from(major) * 100 + i64::from(minor);
        let apart = minor(engine.version.0, engine.version.1) - minor(product.version.0, product.version.1);
        // A newer engine can do what an older one does; an older one perhaps not.
        (engine.family != product.family, apart < 0, apart.abs())
    };
    engines.iter().min_by_key(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(family: Family, version: (u32, u32, u32)) -> Engine {
        Engine { family, version, path: String::new() }
    }

    #[test]
    fn the_exact_engine_wins_then_the_next_newer_of_the_family() {
        let engines =
            [engine(Family::Redis, (6, 2, 7)), engine(Family::Redis, (7, 0, 15)), engine(Family::Valkey, (8, 1, 0))];
        let chosen = |type_id, strict| choose(find(type_id).unwrap(), &engines, strict).map(Engine::version_text);
        assert_eq!(chosen(17, true).as_deref(), Some("7.0.15"));
        assert_eq!(chosen(8, false).as_deref(), Some("6.2.7"));
        assert_eq!(chosen(19, false).as_deref(), Some("8.1.0"));
        assert_eq!(chosen(8, true), None);
        assert_eq!(choose(find(2).unwrap(), &[], false), None);
    }
}
