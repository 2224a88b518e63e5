#!/bin/sh
# The laneway command, under the Node that it is shipped with.
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" "$here/bin/laneway.js" "$@"
