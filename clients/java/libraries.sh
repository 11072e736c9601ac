# The class path of Debian's packages (libgrpc-java libnetty-java libprotobuf-java and what they bring), to be sourced.
class_path=$(printf '/usr/share/java/%s.jar:' \
    grpc-api grpc-context grpc-core grpc-netty grpc-protobuf grpc-protobuf-lite grpc-stub protobuf guava gson perfmark-api \
    netty-buffer netty-codec netty-codec-http netty-codec-http2 netty-codec-socks netty-common netty-handler netty-handler-proxy \
    netty-resolver netty-transport geronimo-annotation-1.3-spec)
