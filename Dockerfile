# The service in a small image, as a user without rights. Build: docker build -t bonafide .
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
# The base image is the pinned toolchain. With the file, rustup would fetch rustfmt and clippy, which are not needed here.
RUN rm rust-toolchain.toml && cargo build --locked --profile dist --bin bonafide

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/bonafide --create-home bonafide
COPY --from=build /source/target/dist/bonafide /usr/local/bin/bonafide
USER bonafide
WORKDIR /var/lib/bonafide
# Bring a configuration: --volume ./bonafide.toml:/etc/bonafide/bonafide.toml:ro
# It has to listen on an address that others can reach, and to say  path = "/var/lib/bonafide/bonafide.db"  in [store].
VOLUME /var/lib/bonafide
ENV BONAFIDE_CONFIG=/etc/bonafide/bonafide.toml
EXPOSE 7443
STOPSIGNAL SIGTERM
ENTRYPOINT ["bonafide"]
CMD ["serve"]
