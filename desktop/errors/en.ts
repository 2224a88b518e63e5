import type { ErrorTexts } from "./codes.ts";

const askForInvite = "Ask the sender for a new invite.";
const report = "Copy a report from Logs, and send it to the project.";

/** The texts of all errors in English. */
export const en: ErrorTexts = {
  unknown: { title: "Something went wrong", sentence: "", next: "" },

  "agent.not-running": {
    title: "The Laneway service is not running",
    sentence: "A background service keeps your networks up, and it does not answer.",
    next: "Install or start it with: sudo laneway service install",
  },
  "agent.not-reachable": {
    title: "The Laneway service can't be reached",
    sentence: "Its socket exists, but your user may not open it.",
    next: "Add yourself to the group laneway (sudo usermod -aG laneway $USER), then log in again.",
  },
  "agent.untrusted-socket": {
    title: "The service's socket is not trusted",
    sentence: "Neither the system nor you own it, so another program may be listening there.",
    next: "Remove it as root and restart the service, or correct LANEWAY_SOCKET.",
  },
  "agent.version": {
    title: "The app and the service don't match",
    sentence: "They are from different versions of Laneway and can't talk to each other.",
    next: "Update Laneway, then restart the service and the app.",
  },
  "agent.forbidden": {
    title: "You may look, but not change anything",
    sentence: "Only root and members of the group laneway may change networks.",
    next: "Add yourself to the group (sudo usermod -aG laneway $USER), then log in again.",
  },
  "agent.busy": {
    title: "The service is busy",
    sentence: "It is already handling as many requests as it can.",
    next: "Try again in a moment.",
  },
  "agent.running-already": {
    title: "The service is already running",
    sentence: "Another instance uses the same socket or the same state directory.",
    next: "Use that instance, or give the other one its own LANEWAY_SOCKET and LANEWAY_STATE.",
  },
  "agent.not-supported": {
    title: "This is not supported",
    sentence: "Your version of Laneway, or the one on the other side, does not support it.",
    next: "Update Laneway on both sides.",
  },
  "agent.too-big": {
    title: "The request is too big",
    sentence: "The service does not accept requests of this size.",
    next: "Send less at once.",
  },
  "agent.malformed": {
    title: "The service did not understand",
    sentence: "The request was damaged, or is not a request.",
    next: report,
  },
  "agent.unknown-method": {
    title: "The service does not know this request",
    sentence: "The app is newer than the service.",
    next: "Update Laneway, then restart the service.",
  },
  "agent.invalid-params": {
    title: "A value is not valid",
    sentence: "The service can't use one of the values.",
    next: "Correct the value and try again.",
  },
  "agent.gone": {
    title: "The connection to the service was lost",
    sentence: "It ended before the service answered. Networks stay up unless the service was stopped.",
    next: "Wait until the app has reconnected, then try again.",
  },
  "agent.internal": {
    title: "Internal error in the service",
    sentence: "This is a bug in Laneway, not your mistake.",
    next: report,
  },
  "job.unknown": {
    title: "The task has already ended",
    sentence: "It is no longer running.",
    next: "Start it again if you need it.",
  },
  "job.too-many": {
    title: "Too many tasks at once",
    sentence: "The service runs only a few tests and captures at the same time.",
    next: "Cancel one, or wait until one is done.",
  },
  "app.internal": {
    title: "Internal error in the app",
    sentence: "This is a bug in Laneway, not your mistake.",
    next: report,
  },
  "app.file-unwritable": {
    title: "The file can't be written",
    sentence: "The capture can't be saved there.",
    next: "Choose another folder, or free some disk space.",
  },

  "state.corrupt": {
    title: "A file of the service is damaged",
    sentence: "What the service stored about a network can't be read.",
    next: "Restore the file from a copy, or move it away and join again with a new invite.",
  },
  "state.unreadable": {
    title: "The service can't read its files",
    sentence: "It is not allowed to read them.",
    next: "Reset the permissions with: sudo laneway service install",
  },
  "state.unwritable": {
    title: "The service can't save",
    sentence: "It can't write to its folder: the permissions are wrong, or the disk is full.",
    next: "Free some disk space, or run: sudo laneway service install",
  },

  "tap.unsupported-platform": {
    title: "This system can't join networks yet",
    sentence:
      "Laneway has no network driver for it yet. You can still run a relay, administration and diagnostics.",
    next: "Join networks from a Linux machine.",
  },
  "tap.no-permission": {
    title: "No permission to create a network interface",
    sentence: "The service runs without the capability CAP_NET_ADMIN.",
    next: "Run: sudo laneway service install",
  },
  "tap.no-device": {
    title: "The kernel's TAP driver is not loaded",
    sentence: "This system has no /dev/net/tun.",
    next: "Load it with: sudo modprobe tun (pass the device to a container).",
  },
  "tap.no-driver": {
    title: "The fallback TAP driver is not installed",
    sentence: "The requested package was not built for this system.",
    next: "Let Laneway choose the driver.",
  },
  "tap.no-ffi": {
    title: "A part of Laneway is missing",
    sentence: "The library that opens network interfaces can't be loaded.",
    next: "Install Laneway again.",
  },
  "tap.name-taken": {
    title: "The interface's name is taken",
    sentence: "Another network interface of this machine uses it.",
    next: "Choose another name, or remove the other interface.",
  },
  "tap.name-invalid": {
    title: "The interface name is not valid",
    sentence: "Use up to 15 characters, without spaces and slashes.",
    next: "Choose a shorter or simpler name.",
  },
  "tap.refused": {
    title: "The kernel refused the interface",
    sentence: "The network interface can't be created.",
    next: "Run the diagnostics to see what is missing.",
  },
  "tap.gone": {
    title: "The network interface is gone",
    sentence: "Another program on this machine deleted it.",
    next: "Turn the network off and on again.",
  },
  "link.no-iproute2": {
    title: "The command ip is missing",
    sentence: "Laneway needs it to set addresses, and it is not installed.",
    next: "Install it with: sudo apt install iproute2",
  },
  "link.no-permission": {
    title: "No permission to configure the interface",
    sentence: "The service runs without the capability CAP_NET_ADMIN.",
    next: "Run: sudo laneway service install",
  },
  "link.name-taken": {
    title: "The interface's name is taken",
    sentence: "Another network interface of this machine uses it.",
    next: "Choose another name, or remove the other interface.",
  },
  "link.gone": {
    title: "The network interface is gone",
    sentence: "Another program on this machine deleted it.",
    next: "Turn the network off and on again.",
  },
  "address.refused": {
    title: "The address is not free",
    sentence:
      "The address chosen for this machine belongs to the hub or another device, or is outside the network's subnet.",
    next: "Remove the chosen address to get one from the network, or choose another.",
  },
  "link.refused": {
    title: "The interface can't be configured",
    sentence: "The kernel refused its address or another of its settings.",
    next: "Check the address, the MAC and the MTU of the network.",
  },

  "interface.changed": {
    title: "Another program changes the interface",
    sentence: "A program or a user changed it, and Laneway can't restore it for now.",
    next: "Keep other programs away from the interface: sudo laneway service install",
  },
  "interface.overlap": {
    title: "The network overlaps with another one",
    sentence: "Another interface of this machine has the same addresses, so you can't reach some machines.",
    next: "Use another LAN, or ask the administrator for another subnet.",
  },
  "relay.unreachable": {
    title: "The relay can't be reached",
    sentence: "It does not answer, or this machine is offline.",
    next: "Check your connection; Laneway keeps trying.",
  },
  "relay.away": {
    title: "The relay is unavailable for a moment",
    sentence: "It is restarting, or is overloaded.",
    next: "Wait: Laneway reconnects automatically.",
  },
  "relay.not-a-relay": {
    title: "This is not a Laneway relay",
    sentence: "Another server answers at this address, or a proxy on the way blocks WebSockets.",
    next: "Check the address, or ask the relay's operator.",
  },
  "relay.websocket-blocked": {
    title: "A proxy blocks the tunnel",
    sentence: "The relay answers, but a proxy on the way blocks WebSockets.",
    next: "Ask the operator of the relay or of the proxy; the details say what the proxy removes.",
  },
  "relay.login": {
    title: "A proxy in front of the relay asks for a password",
    sentence: "It does not let you through without a user name and a password.",
    next: "Add them to the relay's address: https://user:password@relay.example.",
  },
  "proxy.login": {
    title: "The proxy asks for a password",
    sentence: "Your HTTP proxy does not accept the user name and password, or got none.",
    next: "Correct the proxy's address in Settings.",
  },
  "proxy.forbidden": {
    title: "The proxy does not allow the relay",
    sentence: "Your HTTP proxy refuses connections to the relay.",
    next: "Ask its administrator to allow CONNECT to the relay's address and port.",
  },
  "proxy.failed": {
    title: "The proxy can't reach the relay",
    sentence: "Your HTTP proxy could not connect to the relay.",
    next: "Check that the relay is running; Laneway keeps trying.",
  },
  "proxy.unreachable": {
    title: "The proxy does not answer",
    sentence: "Your HTTP proxy can't be reached.",
    next: "Check the proxy's address in Settings; Laneway keeps trying.",
  },
  "relay.certificate": {
    title: "The relay's certificate is not trusted",
    sentence: "It has expired, is for another name, or comes from an unknown authority.",
    next: "Check this machine's clock, then ask the relay's operator.",
  },
  "relay.refused-value": {
    title: "A value from the relay is not used",
    sentence: "It is out of bounds, or conflicts with addresses that this machine reaches otherwise.",
    next: "To give it to this network anyway, run: laneway up NETWORK --allow-overlap",
  },
  "tunnel.closed-1009": {
    title: "The relay and this machine disagree on message sizes",
    sentence: "One of them sent a message that is too big for the other.",
    next: "Update the older of the two.",
  },
  "tunnel.closed-4001": {
    title: "The relay no longer lets this machine in",
    sentence: "It was removed from the network, or its access expired.",
    next: "Join again with a new invite.",
  },
  "tunnel.closed-4002": {
    title: "The relay did not understand this machine",
    sentence: "It received a message that the protocol does not allow.",
    next: "Update Laneway on both sides; if it happens again, send a report.",
  },
  "tunnel.closed-4003": {
    title: "Your access was revoked",
    sentence: "An administrator removed this machine from the network.",
    next: "Ask the administrator, and join again with a new invite.",
  },
  "tunnel.closed-4004": {
    title: "The relay speaks another version",
    sentence: "The relay and this machine have no protocol version in common.",
    next: "Update the older of the two.",
  },
  "tunnel.closed-4009": {
    title: "Another machine took this one's place",
    sentence: "It uses the same key, as a copy of this machine would.",
    next: "Leave the network on one of the two, and join there with a new invite.",
  },

  "network.unknown": {
    title: "There is no such network",
    sentence: "This machine is not a member of it, or it was deleted.",
    next: "Check the name, or join with an invite.",
  },
  "network.ambiguous": {
    title: "Several networks have that name",
    sentence: "The name alone does not identify the network.",
    next: "Choose the network from the list.",
  },
  "network.none": {
    title: "There is no network to join",
    sentence: "The invite is valid, but gives access to no network at present.",
    next: "Ask the sender.",
  },
  "network.refused": {
    title: "The relay refused the network",
    sentence: "It knows this machine, but does not allow it on this network.",
    next: "Ask the administrator of the network.",
  },
  "network.changed": {
    title: "The network was replaced",
    sentence: "It was deleted and created again after this machine joined.",
    next: "Turn it off and on again.",
  },
  "network.not-up": {
    title: "The network is off",
    sentence: "This needs a network that is connected.",
    next: "Turn it on, then try again.",
  },
  "peer.unknown": {
    title: "There is no such member",
    sentence: "It has left the network.",
    next: "Choose another member.",
  },
  "peer.offline": {
    title: "The member is offline",
    sentence: "It must be online for this.",
    next: "Wake it, or try again when it is online.",
  },
  "peer.no-answer": {
    title: "The member does not answer",
    sentence: "It is online, but did not answer in time.",
    next: "Check that its firewall allows Laneway's interface, then try again.",
  },

  "usage.invite": {
    title: "This is not an invite",
    sentence: "An invite is a link like https://relay.example/join#v1.… or laneway://….",
    next: "Copy the whole link and paste it again.",
  },
  "invite.refused": {
    title: "The relay does not know this invite",
    sentence: "It may be incomplete, or for another relay.",
    next: `Check that the link is complete. ${askForInvite}`,
  },
  "invite.expired": {
    title: "The invite has expired",
    sentence: "It is no longer valid.",
    next: askForInvite,
  },
  "invite.used-up": {
    title: "The invite is used up",
    sentence: "It has admitted as many machines as allowed.",
    next: askForInvite,
  },
  "invite.revoked": {
    title: "The invite was revoked",
    sentence: "An administrator revoked it.",
    next: askForInvite,
  },
  "enrol.bad-proof": {
    title: "The relay can't verify this machine's key",
    sentence: "The relay uses another address than the one in the link.",
    next: "Ask the relay's operator to set the right address with --public-url.",
  },
  "enrol.bad-key": {
    title: "The relay refused this machine's key",
    sentence: "The key belongs to another machine, or is damaged.",
    next: "Leave the networks of this relay, and join again.",
  },
  "enrol.device-revoked": {
    title: "This machine was removed",
    sentence: "An administrator removed it, and this invite does not readmit it.",
    next: askForInvite,
  },
  "limit.devices": {
    title: "The relay is full",
    sentence: "It has as many machines as allowed.",
    next: "Ask the relay's operator to remove an unused machine or to raise the limit.",
  },
  "limit.network-devices": {
    title: "The network is full",
    sentence: "It has as many machines as allowed.",
    next: "Ask its administrator to remove an unused machine or to raise the limit.",
  },
  "rate.limited": {
    title: "Too many attempts",
    sentence: "After wrong credentials, the relay makes you wait.",
    next: "Wait a few minutes, then try again.",
  },
  "request.invalid": {
    title: "The relay rejects a value",
    sentence: "One of the values is not valid.",
    next: "Correct it and try again.",
  },

  "admin.no-token": {
    title: "You need an administrator token",
    sentence: "This machine has none for that relay.",
    next: "Add the token that you got from the relay's operator.",
  },
  "admin.refused": {
    title: "The relay refused the token",
    sentence: "It is not an administrator token, or it was revoked.",
    next: "Check that it is complete, or ask the operator for a new one.",
  },
  "admin.forbidden": {
    title: "The token does not allow this",
    sentence: "It is for another tenant, or for only a part of the relay.",
    next: "Use a token of that tenant, or ask the operator.",
  },

  "usage.cidr": {
    title: "This is not an address range",
    sentence: "Write it like 10.20.0.0/24.",
    next: "Correct it and try again.",
  },
  "usage.mac": {
    title: "This is not a MAC address",
    sentence: "Write it like 02:00:5e:00:53:01.",
    next: "Correct it and try again.",
  },
  "usage.proxy": {
    title: "This is not a proxy address",
    sentence: "Write it like http://host:port or http://user:password@host:port.",
    next: "Correct it and try again.",
  },
  "usage.ca": {
    title: "The file contains no certificate",
    sentence: "Certificates of authorities must be in PEM format.",
    next: "Choose another file and try again.",
  },
  "usage.relay": {
    title: "This is not a relay address",
    sentence: "It starts with https:// or http://.",
    next: "Correct it and try again.",
  },
};
