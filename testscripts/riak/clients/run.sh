#!/usr/bin/env bash
# Runs the plain key-value part of the suite that a client of Riak ships in its npm package, and
# compares each test with expected/CLIENT. It installs nothing: .ci/riak-clients does that.
#
# usage: MODULES=DIR [OLD_NODE=FILE] [RINGSIDE=FILE] ringside up --riak=0 --riak-http=0 -- run.sh CLIENT
#
# MODULES is a folder that holds node_modules. OLD_NODE is Node.js 4, which two clients need. RINGSIDE
# is the program itself, which the test conflict runs. The ports are those of the first node in
# RINGSIDE_RIAK and RINGSIDE_RIAK_HTTP; conflict uses all nodes. RECORD=1 writes expected/CLIENT
# instead. Exit 0: each test that is expected to pass passed; 1: one did not.
set -uo pipefail
client=${1:?client}
here=$(cd "$(dirname "$0")" && pwd)
modules=$(cd "${MODULES:?a folder that holds node_modules}" && pwd)/node_modules
address() { local first=${1%%,*}; host=${first%:*}; port=${first##*:}; }
address "${RINGSIDE_RIAK_HTTP:?start it with ringside up --riak=0 --riak-http=0 --}"; http_port=$port
address "${RINGSIDE_RIAK:?start it with ringside up --riak=0 --riak-http=0 --}"; pb_port=$port
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# copied makes a copy of a package, whose tests then find all other packages, and goes there.
copied() { cp -rL "$modules/$1" "$work/$1" && ln -s "$modules" "$work/node_modules" && cd "$work/$1" || exit; }

# mocha runs tests with NODE. Its first argument leaves out tests by name.
mocha() { timeout 260 "$node" --no-deprecation "$here/mocha.js" "$modules" "$@" </dev/null >"$work/out" 2>"$work/err"; }

# old says that a client needs Node.js 4.
old() { node=${OLD_NODE:?$client needs Node.js 4}; }

node=node
case $client in
basho-own) # the package ships no tests, so own.js has some
  mkdir "$work/own" && cp "$here/own.js" "$work/own" && ln -s "$modules" "$work/node_modules" && cd "$work/own" || exit
  timeout 120 "$node" --no-deprecation own.js "$host" "$pb_port" </dev/null >"$work/out" 2>"$work/err" ;;
conflict) # a client of Riak and ringside, on the two sides of a split
  mkdir "$work/own" && cp "$here/conflict.js" "$work/own" && ln -s "$modules" "$work/node_modules" && cd "$work/own" || exit
  ports=$(tr , '\n' <<<"$RINGSIDE_RIAK" | sed 's/.*://' | paste -sd, -)
  timeout 120 "$node" --no-deprecation conflict.js "$host" "$ports" "${RINGSIDE:?the program ringside}" </dev/null >"$work/out" 2>"$work/err" ;;
no-riak)
  copied no-riak
  sed -i.bak "s/connectionString: '127\.0\.0\.1:8087'/connectionString: '$host:$pb_port'/" lib/client.js
  sed -i.bak "s/port: 8087/port: $pb_port/" lib/connection.js
  mocha counter test/globals.js test/kv.js test/buckets.js test/other.js test/connection.js ;;
riak-js-pb)
  copied riak-js
  export HTTP_PORT=$http_port PB_PORT=$pb_port
  mocha 'ap.?[rR]educe|earch|index|counter' test/protocol-buffers-{client,meta}-test.js ;;
riak-js-http) # a failed query of an index is reported late, so that the next test would fail: Indices is left out
  old
  copied riak-js
  export HTTP_PORT=$http_port PB_PORT=$pb_port
  mocha 'ap.?[rR]educe|luwak|earch|index|counter|Indices' \
    test/http-{client,client-siblings,client-pool,client-instrumentation,connection,meta}-test.js test/{mapper,meta,utils}-test.js ;;
nodiak-http)
  old
  copied nodiak
  export NODIAK_BACKEND=http NODIAK_HOST=$host NODIAK_PORT=$http_port NUM_OBJECTS=100
  mocha 'MapReduce|2i|earch|ounter' test/test.js ;;
riakpbc)
  copied riakpbc
  sed -i.bak "s/default(8087)/default($pb_port)/" lib/options.js
  for t in keys buckets buckettypes server client balancer merge options parser quorum; do
    timeout 60 "$node" --no-deprecation "$modules/lab/bin/lab" -r tap -m 10000 -C "test/$t.js" </dev/null 2>>"$work/err" |
      sed -nE "s/^ok [0-9]+ (\([0-9]+\) )?(.*)/ok $t: \2/p; s/^not ok [0-9]+ (\([0-9]+\) )?(.*)/bad $t: \2/p" | sed 's/ *# .*//'
  done >"$work/out" ;;
*) echo "unknown client $client" >&2; exit 2 ;;
esac

sed -nE 's/ ## .*//; /^(ok|bad) /p' "$work/out" | LC_ALL=C sort -u >"$work/tests"
if [ -n "${RECORD:-}" ]; then cp "$work/tests" "$here/expected/$client"; fi
lost=$(grep '^ok ' "$here/expected/$client" | LC_ALL=C comm -23 - "$work/tests")
echo "$client: $(grep -c '^ok ' "$work/tests") of $(grep -c . "$work/tests") tests pass," \
  "expected $(grep -c '^ok ' "$here/expected/$client") of $(grep -c . "$here/expected/$client")"
[ -z "$lost" ] && exit
echo "these do not pass:"
sed 's/^ok /  /' <<<"$lost"
grep '^bad ' "$work/out"
tail -n 20 "$work/err"
exit 1
