#!/bin/sh
# Runs the laneway command under the bundled Node.
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" "$here/bin/laneway.js" "$@"
