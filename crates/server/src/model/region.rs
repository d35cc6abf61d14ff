//! Regions and zones: names, numeric ids, and which regions are finance regions.
//!
//! A zone's numeric id is the region's id × 100000 + the zone's number; its name is the region's name, a dash and the number.

use crate::error::Language;

/// A region that Redis is sold in.
#[derive(Debug, PartialEq, Eq)]
pub struct Region {
    /// The wire name, e.g. `ap-guangzhou`.
    pub name: &'static str,
    /// The numeric id (`RegionId` in answers).
    pub id: i64,
    /// The name for people, English and Chinese.
    pub title: (&'static str, &'static str),
    /// The numbers of its zones.
    pub zones: &'static [i64],
}

/// One zone of a region.
#[derive(Debug, Clone, Copy)]
pub struct Zone {
    /// Its region.
    pub region: &'static Region,
    /// Its number within the region.
    pub number: i64,
}

const fn region(name: &'static str, id: i64, title: (&'static str, &'static str), zones: &'static [i64]) -> Region {
    Region { name, id, title, zones }
}

/// Every region, in the order of the numeric ids.
pub const REGIONS: &[Region] = &[
    region("ap-guangzhou", 1, ("South China (Guangzhou)", "华南地区（广州）"), &[2, 3, 4, 6, 7]),
    region("ap-shanghai", 4, ("East China (Shanghai)", "华东地区（上海）"), &[2, 3, 4, 5, 8]),
    region("ap-hongkong", 5, ("Hong Kong/Macao/Taiwan (Hong Kong, China)", "港澳台地区（中国香港）"), &[2, 3]),
    region("ap-shanghai-fsi", 7, ("East China (Shanghai Finance)", "华东地区（上海金融）"), &[1, 2, 3]),
    region("ap-beijing", 8, ("North China (Beijing)", "华北地区（北京）"), &[3, 4, 5, 6, 7]),
    region("ap-singapore", 9, ("Southeast Asia (Singapore)", "亚太东南（新加坡）"), &[1, 2, 3, 4]),
    region("ap-shenzhen-fsi", 11, ("South China (Shenzhen Finance)", "华南地区（深圳金融）"), &[1, 2, 3]),
    region("na-siliconvalley", 15, ("Western US (Silicon Valley)", "美国西部（硅谷）"), &[1, 2]),
    region("ap-chengdu", 16, ("Southwest China (Chengdu)", "西南地区（成都）"), &[1, 2]),
    region("eu-frankfurt", 17, ("Europe (Frankfurt)", "欧洲地区（法兰克福）"), &[1, 2]),
    region("ap-seoul", 18, ("Northeast Asia (Seoul)", "亚太东北（首尔）"), &[1, 2]),
    region("ap-chongqing", 19, ("Southwest China (Chongqing)", "西南地区（重庆）"), &[1]),
    region("na-ashburn", 22, ("Eastern US (Virginia)", "美国东部（弗吉尼亚）"), &[1, 2]),
    region("ap-bangkok", 23, ("Southeast Asia (Bangkok)", "亚太东南（曼谷）"), &[1, 2]),
    region("ap-tokyo", 25, ("Northeast Asia (Tokyo)", "亚太东北（东京）"), &[1, 2]),
    region("ap-nanjing", 33, ("East China (Nanjing)", "华东地区（南京）"), &[1, 2, 3]),
    region("ap-jakarta", 72, ("Southeast Asia (Jakarta)", "亚太东南（雅加达）"), &[1, 2]),
];

const SHORT_NAMES: &[(&str, &str)] = &[
    ("ap-guangzhou", "gz"),
    ("ap-shanghai", "sh"),
    ("ap-hongkong", "hk"),
    ("ap-shanghai-fsi", "shjr"),
    ("ap-beijing", "bj"),
    ("ap-singapore", "sg"),
    ("ap-shenzhen-fsi", "szjr"),
    ("na-siliconvalley", "usw"),
    ("ap-chengdu", "cd"),
    ("eu-frankfurt", "de"),
    ("ap-seoul", "kr"),
    ("ap-chongqing", "cq"),
    ("na-ashburn", "use"),
    ("ap-bangkok", "th"),
    ("ap-tokyo", "jp"),
    ("ap-nanjing", "nj"),
    ("ap-jakarta", "jkt"),
];

/// The region of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.name == name)
}

impl Region {
    /// Finance regions are isolated from the others and have domains of their own.
    #[must_use]
    pub fn is_finance(&self) -> bool {
        self.name.ends_with("-fsi")
    }

    /// `South China` and `Guangzhou`: the two parts of its name for people.
    #[must_use]
    pub fn area_and_city(&self, language: Language) -> (&'static str, &'static str) {
        let (title, open, close) = match language {
            Language::English => (self.title.0, '(', ')'),
            Language::Chinese => (self.title.1, '（', '）'),
        };
        title.split_once(open).map_or((title, title), |(area, city)| (area.trim(), city.trim_end_matches(close)))
    }

    /// The abbreviation that the cloud's consoles and resource names use, e.g. `gz`.
    #[must_use]
    pub fn short_name(&self) -> &'static str {
        SHORT_NAMES.iter().find(|(name, _)| *name == self.name).map_or(self.name, |(_, short)| short)
    }

    /// Its zones.
    pub fn zones(&'static self) -> impl Iterator<Item = Zone> {
        self.zones.iter().map(move |&number| Zone { region: self, number })
    }

    /// The zone that a request means when it names none.
    #[must_use]
    pub fn default_zone(&'static self) -> Zone {
        Zone { region: self, number: self.zones.get(1).or_else(|| self.zones.first()).copied().unwrap_or(1) }
    }

    /// The zone with this numeric id.
    pub fn zone_by_id(&'static self, id: i64) -> Option<Zone> {
        self.zones().find(|zone| zone.id() == id)
    }

    /// The zone with this name.
    pub fn zone_by_name(&'static self, name: &str) -> Option<Zone> {
        self.zones().find(|zone| zone.name() == name)
    }
}

impl Zone {
    /// The numeric id, e.g. 100003.
    #[must_use]
    pub const fn id(&self) -> i64 {
        self.region.id * 100_000 + self.number
    }

    /// The name, e.g. `ap-guangzhou-3`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}", self.region.name, self.number)
    }

    /// The name for people, English and Chinese.
    #[must_use]
    pub fn title(&self) -> (String, String) {
        let (en, zh) = self.region.title;
        let city = |text: &'static str, open, close| {
            text.rsplit(open).next().unwrap_or(text).trim_end_matches(close).to_owned()
        };
        (format!("{} Zone {}", city(en, '(', ')'), self.number), format!("{}{}区", city(zh, '（', '）'), self.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_ids_and_names_follow_the_rule() {
        let zone = find("ap-guangzhou").and_then(|region| region.zone_by_name("ap-guangzhou-3")).unwrap();
        assert_eq!(zone.id(), 100_003);
        assert_eq!(zone.title(), ("Guangzhou Zone 3".to_owned(), "广州3区".to_owned()));
        assert!(find("ap-beijing").unwrap().zone_by_id(100_003).is_none());
    }

    #[test]
    fn every_region_has_an_area_a_city_and_a_short_name() {
        let region = find("ap-hongkong").unwrap();
        assert_eq!(region.area_and_city(Language::English), ("Hong Kong/Macao/Taiwan", "Hong Kong, China"));
        assert_eq!(region.area_and_city(Language::Chinese), ("港澳台地区", "中国香港"));
        for region in REGIONS {
            let (area, city) = region.area_and_city(Language::Chinese);
            assert!(area != city && region.short_name().len() <= 4, "{}", region.name);
        }
    }

    #[test]
    fn only_fsi_regions_are_finance_regions() {
        let finance: Vec<_> = REGIONS.iter().filter(|region| region.is_finance()).map(|region| region.name).collect();
        assert_eq!(finance, ["ap-shanghai-fsi", "ap-shenzhen-fsi"]);
    }
}
