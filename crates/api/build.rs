//! Reads the interface facts in `api/*.json` and writes the Rust of the contract to `OUT_DIR/services.rs`, which
//! `src/lib.rs` includes. The steps: [`facts`] reads, [`usage`] decides which form an object takes, [`types`] writes the
//! structs, [`table`] writes the static description and the markers.

#[path = "codegen/facts.rs"]
mod facts;
#[path = "codegen/names.rs"]
mod names;
#[path = "codegen/table.rs"]
mod table;
#[path = "codegen/types.rs"]
mod types;
#[path = "codegen/usage.rs"]
mod usage;

use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("../../api");
    println!("cargo:rerun-if-changed={}", folder.display());
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=codegen");
    let services = facts::read_all(folder)?;
    let mut text = String::new();
    let mut line = 0;
    for service in &services {
        let usage = usage::Usage::of(service);
        text += &format!(
            "#[doc = \"The `{name}` service, version {version}.\"]\npub mod {name} {{\nuse serde::{{Deserialize, Serialize}};\n",
            name = service.service,
            version = service.version
        );
        text += &types::structs(service, &usage);
        text += &table::markers(service, line);
        line += service.actions.len();
        text += &table::shapes(service);
        text += "}\n";
    }
    text += &table::actions(&services);
    let out = PathBuf::from(std::env::var("OUT_DIR")?).join("services.rs");
    std::fs::write(out, text)?;
    Ok(())
}
