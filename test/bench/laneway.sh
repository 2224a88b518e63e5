# Laneway as a system to measure beside others: a file of `up_NAME` functions, which bring up an overlay between two
# namespaces through a third. The bench that sources it gives `in_ns`, `spawn`, `wait_for`, $WORK and $OVIF, and sets
# addresses on $OVIF in `a` and `b` by itself. `a` reaches the hub as 10.201.1.1, `b` as 10.201.2.1.

LANEWAY_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LANEWAY=("$LANEWAY_ROOT/node_modules/.bin/node" "$LANEWAY_ROOT/bin/laneway.js")

laneway_star() { # scheme, options of the relay; then, behind a ';', options of both clients
  local scheme=$1 n sub=1 data=$WORK/laneway relay=() token; shift
  while [ $# -gt 0 ] && [ "$1" != ';' ]; do relay+=("$1"); shift; done
  [ $# -eq 0 ] || shift
  rm -rf "$data"
  spawn hub "${LANEWAY[@]}" relay --listen 0.0.0.0:8787 --data "$data" "${relay[@]}"
  local -a admin=(--relay "$scheme://10.201.1.1:8787" --admin-token-file "$data/admin.token")
  wait_for 20 in_ns hub "${LANEWAY[@]}" token list "${admin[@]}" || return 1
  token=$(in_ns hub "${LANEWAY[@]}" token create --json "${admin[@]}" | jq -r .token)
  for n in a b; do
    LANEWAY_TOKEN=$token spawn $n "${LANEWAY[@]}" up lan --relay "$scheme://10.201.$sub.1:8787" --tap "$OVIF" \
      --state "$WORK/state-$n" "$@"
    sub=2
  done
}

up_laneway() { laneway_star http; NOTE="laneway, ws"; }
up_laneway_no_offload() { laneway_star http ';' --no-offload; NOTE="laneway, ws, no virtio-net header at either end"; }
up_laneway_tls() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=laneway \
    -addext subjectAltName=IP:10.201.1.1,IP:10.201.2.1 -keyout "$WORK/lw.key" -out "$WORK/lw.crt" 2>/dev/null
  export NODE_EXTRA_CA_CERTS=$WORK/lw.crt
  laneway_star https --tls-cert "$WORK/lw.crt" --tls-key "$WORK/lw.key"
  NOTE="laneway, wss (TLS 1.3 by Node)"
}
