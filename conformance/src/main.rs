//! Writes `CONFORMANCE.md` at the root of the repository.

fn main() -> Result<(), String> {
    let path = conformance::root().join(conformance::page::FILE);
    std::fs::write(path, conformance::page::write()?).map_err(|error| error.to_string())
}
