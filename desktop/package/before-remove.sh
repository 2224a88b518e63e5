#!/bin/sh
# On removal, and not on an upgrade, where the new version's installation goes on with the service.
if [ "$1" = remove ] || [ "$1" = 0 ]; then
    if [ -d /run/systemd/system ] && [ -x /usr/bin/laneway ]; then
        /usr/bin/laneway service uninstall || true
    fi
    rm -f /usr/bin/laneway
fi
