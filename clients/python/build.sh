#!/usr/bin/env bash
# Generates Python code from the contract into gen/, unless it is newer than the contract. Needs protoc 3.15 or newer with
# grpc_python_plugin (Debian: protobuf-compiler protobuf-compiler-grpc).
set -euo pipefail
cd "$(dirname "$0")"

protos=../../protos
if [ -f gen/.done ] && [ -z "$(find "$protos" build.sh -newer gen/.done)" ]; then
    exit 0
fi
rm -rf gen
mkdir gen
protoc -I "$protos" --python_out=gen --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" --grpc_python_out=gen \
    $(cd "$protos" && find . -name '*.proto' -printf '%P\n')
touch gen/.done
