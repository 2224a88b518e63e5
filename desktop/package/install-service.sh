
# Installs the command, and the agent as a service; without systemd, only the command.
ln -sf '/opt/${sanitizedProductName}/resources/agent/laneway' /usr/bin/laneway
if [ -d /run/systemd/system ]; then
    if /usr/bin/laneway service install; then
        # The user who installs may change networks, because they can become root anyway.
        installer=$SUDO_USER
        if [ -z "$installer" ] && [ -n "$PKEXEC_UID" ]; then
            installer=$(id -un "$PKEXEC_UID")
        fi
        if [ -n "$installer" ] && [ "$installer" != root ]; then
            usermod --append --groups laneway "$installer" || true
            echo "laneway: $installer may change networks after logging in again; for others: usermod -aG laneway NAME"
        fi
    else
        echo "laneway: the service could not be installed; try: sudo laneway service install" >&2
    fi
fi
