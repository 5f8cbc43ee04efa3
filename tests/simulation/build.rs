//! Every program under `functions/*/src/bin` becomes a function of the simulation: what is added there is simulated.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let functions = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../functions");
    println!("cargo::rerun-if-changed={}", functions.display());
    let mut programs = Vec::new();
    for service in folders(&functions)? {
        let bin = service.join("src/bin");
        if bin.is_dir() {
            println!("cargo::rerun-if-changed={}", bin.display());
            for path in files(&bin)? {
                programs.push(program(&path)?);
            }
        }
    }
    programs.sort();
    let mut text = String::from(
        "/// A program by its name.\npub(crate) fn program(name: &str) -> Option<Program> {\n    Some(match name {\n",
    );
    for (name, call) in &programs {
        writeln!(text, "        {name:?} => Program::{call},")?;
    }
    text.push_str("        _ => return None,\n    })\n}\n");
    let out = PathBuf::from(std::env::var("OUT_DIR")?).join("programs.rs");
    std::fs::write(out, text)?;
    Ok(())
}

/// The name of the program at `path`, and what its `main` runs.
fn program(path: &Path) -> Result<(String, String), Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(path)?;
    let name = path.file_stem().and_then(|stem| stem.to_str()).ok_or("a program without a name")?;
    let call = text.lines().find_map(|line| line.trim().strip_prefix("quoin_runtime::run_"));
    let call = call.ok_or_else(|| format!("{}: its main must be one call of quoin_runtime::run_…", path.display()))?;
    Ok((name.to_owned(), call.to_owned()))
}

fn folders(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect()
}

fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    folders(path)
}
