#!/usr/bin/env bash
# Generates Go code from the contract into ridetracking/v1 and builds .build/bin/driver and .build/bin/rider, unless they are newer
# than what they are made of. With Debian's packages (protobuf-compiler protoc-gen-go protoc-gen-go-grpc golang-go
# golang-google-grpc-dev golang-github-golang-protobuf-1-5-dev) nothing is downloaded: libraries are taken from /usr/share/gocode.
set -euo pipefail
cd "$(dirname "$0")"

protos=../../protos
if [ -f .build/done ] && [ -z "$(find "$protos" build.sh cmd rideclient -newer .build/done)" ]; then
    exit 0
fi
module=github.com/ride-tracking/ride-tracking-go
rm -rf ridetracking .build/done
mkdir -p ".build/gopath/src/$(dirname "$module")"
protoc -I "$protos" --go_out=. --go_opt=module="$module" --go-grpc_out=. --go-grpc_opt=module="$module" \
    "$protos"/ridetracking/v1/{driver,rider,driver_message,fix,incident,trip}.proto
ln -sfn "$PWD" ".build/gopath/src/$module"
# Without cgo no C compiler is needed.
CGO_ENABLED=0 GO111MODULE=off GOFLAGS='' GOPATH="$PWD/.build/gopath:/usr/share/gocode" go build -o .build/bin/ "$module/cmd/driver" "$module/cmd/rider"
touch .build/done
