#!/usr/bin/env bash
# Generates Java code from the contract and compiles it with the examples into build/, unless that is newer. With Debian's packages
# (protobuf-compiler protobuf-compiler-grpc-java-plugin default-jdk-headless libgrpc-java libnetty-java libprotobuf-java) nothing is
# downloaded.
set -euo pipefail
cd "$(dirname "$0")"
. ./libraries.sh

protos=../../protos
# Generated code is compiled apart: it takes ten times as long as the examples and changes seldom.
if [ ! -f build/generated.done ] || [ -n "$(find "$protos" build.sh libraries.sh -newer build/generated.done)" ]; then
    rm -rf build
    mkdir -p build/generated build/classes
    protoc -I "$protos" --java_out=build/generated \
        --plugin=protoc-gen-grpc-java="$(command -v grpc_java_plugin)" --grpc-java_out=build/generated \
        "$protos"/ridetracking/v1/{driver,rider,driver_message,fix,incident,trip}.proto \
        "$protos"/google/*/*.proto
    find build/generated -name '*.java' > build/sources
    javac -nowarn -proc:none -g:none -cp "$class_path" -d build/classes @build/sources
    touch build/generated.done
fi
if [ ! -f build/done ] || [ -n "$(find src build/generated.done -newer build/done)" ]; then
    find src -name '*.java' > build/sources
    javac -Xlint:all,-classfile -Werror -proc:none -cp "build/classes:$class_path" -d build/classes @build/sources
    touch build/done
fi
