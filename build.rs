//! Compiles `proto/` without protoc, and keeps the descriptors for reflection.

use std::path::PathBuf;
use std::{env, error, fs};

use prost::Message;
use prost_types::FileDescriptorSet;
use prost_types::field_descriptor_proto::Type;

const SERVICES: [&str; 4] = [
    "bonafide/v1/attestation.proto",
    "bonafide/v1/instance.proto",
    "bonafide/v1/verdict.proto",
    "envoy/service/auth/v3/external_auth.proto",
];

fn main() -> Result<(), Box<dyn error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let mut descriptors = protox::compile(SERVICES, ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    take_as_bytes(&mut descriptors);
    let generator = tonic_prost_build::configure().codec_path("crate::grpc::codec::SmallBuffers");
    let generator = SELDOM.iter().fold(generator, |generator, field| generator.boxed(field));
    generator.bytes(".").include_file("proto.rs").compile_fds(descriptors)?;
    Ok(())
}

/// What few requests bring; a request that does not is smaller to move without.
const SELDOM: [&str; 2] = [".bonafide.v1.CheckVerdictRequest.context", ".bonafide.v1.CheckVerdictRequest.assertion"];

/// What comes or goes with every request of every client, and is read in place or was written before: the program takes it as
/// bytes, which are the same on the wire.
const AS_BYTES: [(&str, &str); 3] =
    [("CheckRequest", "attributes"), ("CheckResponse", "ok_response"), ("CheckResponse", "dynamic_metadata")];

fn take_as_bytes(descriptors: &mut FileDescriptorSet) {
    let messages = descriptors.file.iter_mut().flat_map(|file| &mut file.message_type);
    for message in messages {
        let name = message.name().to_owned();
        for field in &mut message.field {
            if AS_BYTES.contains(&(&name, field.name())) {
                field.set_type(Type::Bytes);
                field.type_name = None;
            }
        }
    }
}
