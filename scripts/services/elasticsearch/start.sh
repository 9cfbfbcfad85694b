#!/bin/sh
# One node in the foreground; SIGTERM ends it: elasticsearch [--version | setting=value …]
# HEAP (512m) is its memory; TIER 1 starts soonest, TIER 4 compiles in full, for benchmarks.
set -eu
home=$(cd "$(dirname "$0")" && pwd)
exec "$home/jre/bin/java" -Xms64m -Xmx"${HEAP:-512m}" -XX:+UseSerialGC \
  -XX:TieredStopAtLevel="${TIER:-1}" -Dfile.encoding=UTF-8 -Djava.awt.headless=true \
  -Dlog4j2.disable.jmx=true -Dio.netty.noUnsafe=true \
  -Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false \
  --enable-native-access=ALL-UNNAMED \
  -cp "$home/launcher:$home/lib/*" TestNode "$home" "$@"
