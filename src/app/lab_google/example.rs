//! A configuration of the service that asks the fake Google.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::KEY_FILE;

/// The package of the example when none was named.
const PACKAGE: &str = "com.example.shop";
/// The signer of the example: docs/lab.md mints tokens with it.
const SIGNER: &str = "rLLxRm9bTAm1B0lSX4FC3rcTHhLFBMVbhyAxTcGQpFQ";

/// What the example is about.
pub(super) struct Example<'a> {
    pub(super) origin: &'a str,
    /// Where the key file was written to; where it was not, it is expected beside the configuration.
    pub(super) key_file: Option<&'a Path>,
    pub(super) packages: &'a [String],
    /// PEM files of the roots that chains may rest on; without any, the app takes tokens alone.
    pub(super) roots: &'a [PathBuf],
}

impl Example<'_> {
    /// The configuration, TOML.
    pub(super) fn toml(&self) -> String {
        let Self { origin, roots, .. } = self;
        let key_file = self.key_file.map_or_else(|| format!("\"{KEY_FILE}\""), quoted);
        let package = self.packages.first().map_or(PACKAGE, String::as_str);
        let mut text = format!(
            "# A service that asks this Google. Whatever it allows was forged: never use it for anything but tests.\n\
             [store]\n\
             kind = \"memory\"\n\n\
             [google]\n\
             service_account = {key_file}\n\
             token_endpoint = \"{origin}/token\"\n\
             play_integrity = \"{origin}/\"\n\n\
             [status_list]\n\
             url = \"{origin}/attestation/status\"\n\n\
             [[app]]\n\
             name = \"shop\"\n\n\
             [app.play_integrity]\n\
             package_name = \"{package}\"\n\
             signer_digests = [\"{SIGNER}\"]\n"
        );
        if !roots.is_empty() {
            let roots: Vec<_> = roots.iter().map(|root| quoted(root)).collect();
            // Writing to a text does not fail.
            _ = write!(
                text,
                "\n[app.key_attestation]\n\
                 package_names = [\"{package}\"]\n\
                 signer_digests = [\"{SIGNER}\"]\n\
                 lab_roots = [{}]\n",
                roots.join(", ")
            );
        }
        text
    }
}

/// A path as a text of TOML, which takes the escapes of JSON.
fn quoted(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    serde_json::Value::from(path.to_string_lossy()).to_string()
}
