use std::path::Path;

/// A test, as a table names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// `package/target::name`, where the target of unit tests is `lib`.
    Test {
        /// Package.
        package: String,
        /// Name of the test target, or `lib`.
        target: String,
        /// Path of the test within it.
        name: String,
    },
    /// `vector:file.json#name of the case`: a case of the codec's vectors for the version of the table.
    Vector {
        /// File in `mqtt-codec/vectors`.
        file: String,
        /// Name of the case.
        case: String,
    },
}

impl Named {
    /// Reads a name.
    ///
    /// # Errors
    /// If it has another form.
    pub fn new(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither `package/target::test` nor `vector:file.json#case`");
        if let Some(vector) = text.strip_prefix("vector:") {
            let (file, case) = vector.split_once('#').ok_or_else(wrong)?;
            return Ok(Self::Vector { file: file.to_owned(), case: case.to_owned() });
        }
        let (package, rest) = text.split_once('/').ok_or_else(wrong)?;
        let (target, name) = rest.split_once("::").ok_or_else(wrong)?;
        Ok(Self::Test { package: package.to_owned(), target: target.to_owned(), name: name.to_owned() })
    }

    /// The test that has to pass: for a vector the one that runs them all.
    pub fn test(&self) -> (&str, &str, &str) {
        match self {
            Self::Test { package, target, name } => (package, target, name),
            Self::Vector { .. } => ("mqtt-codec", "vectors", "the_codec_agrees_with_every_case"),
        }
    }

    /// What a reader wants to see of it, and the file to open, relative to the root of the repository.
    pub fn link(&self, root: &Path) -> (String, String) {
        match self {
            Self::Vector { file, case } => (case.clone(), format!("mqtt-codec/vectors/{file}")),
            Self::Test { package, target, name } if target == "scenarios" => {
                (name.clone(), format!("{package}/scenarios/{name}.txt"))
            }
            Self::Test { package, target, name } if target == "lib" => {
                let module = name.split("::tests").next().unwrap_or(name).replace("::", "/");
                let file = format!("{package}/src/{module}.rs");
                let folder = format!("{package}/src/{module}/mod.rs");
                let file = if root.join(&file).exists() { file } else { folder };
                (format!("`{package} {}`", name.rsplit("::").next().unwrap_or(name)), file)
            }
            Self::Test { package, target, name } => {
                let file = format!("{package}/tests/{target}.rs");
                let module = name.split_once("::").map_or("main", |(module, _)| module);
                let folder = format!("{package}/tests/{target}/{module}.rs");
                let file = if root.join(&file).exists() { file } else { folder };
                (format!("`{package} {}`", name.rsplit("::").next().unwrap_or(name)), file)
            }
        }
    }
}
