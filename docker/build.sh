#!/bin/sh
# build.sh ARCH FEATURES OUT: compiles the program as it ships, for Docker's name of an architecture.
set -eu
case $1 in
amd64) target=x86_64-unknown-linux-musl ;;
arm64) target=aarch64-unknown-linux-musl ;;
*) echo "no such architecture: $1" >&2 && exit 1 ;;
esac
rustup target add "$target"
cargo build --locked --config scripts/image.toml --profile image --target "$target" \
    --package cumulet --no-default-features --features "$2"
cargo run --locked --quiet --package cumulet-slim -- "target/$target/image/cumulet" "$3"
