//! Compiles `proto/` without protoc, and keeps the descriptors for reflection.

use std::path::PathBuf;
use std::{env, error, fs};

use prost::Message;

const SERVICES: [&str; 4] = [
    "bonafide/v1/attestation.proto",
    "bonafide/v1/instance.proto",
    "bonafide/v1/verdict.proto",
    "envoy/service/auth/v3/external_auth.proto",
];

fn main() -> Result<(), Box<dyn error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile(SERVICES, ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().bytes(".").include_file("proto.rs").compile_fds(descriptors)?;
    Ok(())
}
