# Laneway as a system to measure beside others: a file of `up_NAME` functions, which bring up an overlay between two
# namespaces through a third. The bench that sources it gives `in_ns`, `spawn`, `wait_for`, $WORK and $OVIF, and sets
# addresses on $OVIF in `a` and `b` by itself. `a` reaches the hub as 10.201.1.1, `b` as 10.201.2.1.

LANEWAY_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
laneway() { # namespace, arguments...
  local n=$1; shift
  in_ns "$n" "$LANEWAY_ROOT/node_modules/.bin/node" "$LANEWAY_ROOT/bin/laneway.js" "$@"
}

laneway_star() { # scheme, then more options of the relay
  local scheme=$1 n sub=1 data=$WORK/laneway token; shift
  rm -rf "$data"
  spawn hub "$LANEWAY_ROOT/node_modules/.bin/node" "$LANEWAY_ROOT/bin/laneway.js" relay \
    --listen 0.0.0.0:8787 --data "$data" "$@"
  wait_for 20 laneway hub token list --relay "$scheme://10.201.1.1:8787" --admin-token-file "$data/admin.token" || return 1
  token=$(laneway hub token create --json --relay "$scheme://10.201.1.1:8787" --admin-token-file "$data/admin.token" |
    jq -r .token)
  for n in a b; do
    LANEWAY_TOKEN=$token spawn $n "$LANEWAY_ROOT/node_modules/.bin/node" "$LANEWAY_ROOT/bin/laneway.js" up lan \
      --relay "$scheme://10.201.$sub.1:8787" --tap "$OVIF" --state "$WORK/state-$n"
    sub=2
  done
}
up_laneway() { laneway_star http; NOTE="laneway, ws"; }
