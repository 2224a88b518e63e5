#!/bin/sh
# Runs on removal, but not on an upgrade, because the new version keeps using the service.
if [ "$1" = remove ] || [ "$1" = 0 ]; then
    if [ -d /run/systemd/system ] && [ -x /usr/bin/laneway ]; then
        /usr/bin/laneway service uninstall || true
    fi
    rm -f /usr/bin/laneway
fi
