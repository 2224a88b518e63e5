import type { ErrorTexts } from "./codes.ts";

const askForInvite = "Ask whoever sent it for a new invite.";
const report = "Copy a report from Logs and send it to the project.";

/** The texts of all errors in English. */
export const en: ErrorTexts = {
  unknown: { title: "Something went wrong", sentence: "", next: "" },

  "agent.not-running": {
    title: "The Laneway service is not running",
    sentence: "Networks are kept by a service in the background, and it does not answer.",
    next: "Install or start it with: sudo laneway service install",
  },
  "agent.not-reachable": {
    title: "The Laneway service can't be reached",
    sentence: "Its socket is there, but this user may not open it.",
    next: "Add yourself to the group laneway (sudo usermod -aG laneway $USER), then log in again.",
  },
  "agent.untrusted-socket": {
    title: "The service's socket is not trusted",
    sentence: "It belongs to neither the system nor you, so another program could be listening there.",
    next: "Remove it as root and restart the service, or correct LANEWAY_SOCKET.",
  },
  "agent.version": {
    title: "The app and the service don't match",
    sentence: "They come from different versions of Laneway and don't understand one another.",
    next: "Update Laneway, then restart the service and the app.",
  },
  "agent.forbidden": {
    title: "You may look, but not change anything",
    sentence: "Only root and members of the group laneway may change networks.",
    next: "Add yourself to the group (sudo usermod -aG laneway $USER), then log in again.",
  },
  "agent.busy": {
    title: "The service is busy",
    sentence: "It is working on as many requests as it takes at once.",
    next: "Try again in a moment.",
  },
  "agent.running-already": {
    title: "The service is running already",
    sentence: "Another one uses the same socket or the same state.",
    next: "Use that one, or give the other its own LANEWAY_SOCKET and LANEWAY_STATE.",
  },
  "agent.not-supported": {
    title: "That can't be done here",
    sentence: "This version of Laneway, or the one on the other side, does not know how.",
    next: "Update Laneway on both sides.",
  },
  "agent.too-big": {
    title: "The request is too big",
    sentence: "The service takes no request of that size.",
    next: "Send less at once.",
  },
  "agent.malformed": {
    title: "The service did not understand",
    sentence: "The request was damaged on its way, or is none.",
    next: report,
  },
  "agent.unknown-method": {
    title: "The service does not know this request",
    sentence: "The app is newer than the service.",
    next: "Update Laneway, then restart the service.",
  },
  "agent.invalid-params": {
    title: "A value is not valid",
    sentence: "The service can't use one of the values that were given.",
    next: "Correct the value and try again.",
  },
  "agent.gone": {
    title: "The connection to the service was lost",
    sentence: "It ended before it answered; networks that are up stay up unless it was stopped.",
    next: "The app connects again by itself; then try again.",
  },
  "agent.internal": {
    title: "The service made a mistake",
    sentence: "Something happened in the service that should not.",
    next: report,
  },
  "job.unknown": {
    title: "That has ended already",
    sentence: "The task is not running any more.",
    next: "Start it again if you need it.",
  },
  "job.too-many": {
    title: "Too many tasks at once",
    sentence: "The service runs only a few tests and captures at the same time.",
    next: "Cancel one, or wait until one is done.",
  },
  "app.internal": {
    title: "The app made a mistake",
    sentence: "Something happened in the app that should not.",
    next: report,
  },
  "app.file-unwritable": {
    title: "The file can't be written",
    sentence: "The capture could not be saved where you wanted it.",
    next: "Choose another folder, or make room on the disk.",
  },

  "state.corrupt": {
    title: "A file of the service is damaged",
    sentence: "What it keeps of a network can't be read back.",
    next: "Put back a copy of the file, or move it away and join with a new invite.",
  },
  "state.unreadable": {
    title: "The service can't read its files",
    sentence: "It lacks the right to read what it keeps.",
    next: "Run: sudo laneway service install, which sets the rights anew.",
  },
  "state.unwritable": {
    title: "The service can't save",
    sentence: "Its folder can't be written: the rights are wrong, or the disk is full.",
    next: "Make room on the disk, or run: sudo laneway service install",
  },

  "tap.unsupported-platform": {
    title: "This system can't join networks yet",
    sentence: "There is no network driver of Laneway for it; the relay, administration and diagnostics work.",
    next: "Join networks from a machine with Linux.",
  },
  "tap.no-permission": {
    title: "No right to make a network interface",
    sentence: "The service runs without the right CAP_NET_ADMIN.",
    next: "Run: sudo laneway service install",
  },
  "tap.no-device": {
    title: "The kernel's TAP driver is not loaded",
    sentence: "This system has no /dev/net/tun.",
    next: "Load it with: sudo modprobe tun (a container needs the device handed in).",
  },
  "tap.no-driver": {
    title: "The spare TAP driver is not installed",
    sentence: "The package that was asked for was not built for this system.",
    next: "Leave the choice of the driver to Laneway.",
  },
  "tap.no-ffi": {
    title: "A part of Laneway is missing",
    sentence: "The library that opens network interfaces can't be loaded.",
    next: "Install Laneway again.",
  },
  "tap.name-taken": {
    title: "The interface's name is taken",
    sentence: "Another network interface of this machine has that name.",
    next: "Choose another name, or remove the other interface.",
  },
  "tap.name-invalid": {
    title: "That can't be an interface's name",
    sentence: "Names have up to 15 characters, without spaces and slashes.",
    next: "Choose a shorter or simpler name.",
  },
  "tap.refused": {
    title: "The kernel refused the interface",
    sentence: "The network interface could not be made.",
    next: "Run the diagnostics: they say what is missing.",
  },
  "tap.gone": {
    title: "The network interface is gone",
    sentence: "Something else on this machine deleted it.",
    next: "Turn the network off and on again.",
  },
  "link.no-iproute2": {
    title: "The command ip is missing",
    sentence: "Laneway sets addresses with it, and it is not installed.",
    next: "Install it: sudo apt install iproute2",
  },
  "link.no-permission": {
    title: "No right to set up the interface",
    sentence: "The service runs without the right CAP_NET_ADMIN.",
    next: "Run: sudo laneway service install",
  },
  "link.name-taken": {
    title: "The interface's name is taken",
    sentence: "Another network interface of this machine has that name.",
    next: "Choose another name, or remove the other interface.",
  },
  "link.gone": {
    title: "The network interface is gone",
    sentence: "Something else on this machine deleted it.",
    next: "Turn the network off and on again.",
  },
  "address.refused": {
    title: "The address is not free",
    sentence:
      "The address that was chosen for this machine is the hub's, another device's, or not one of the network's.",
    next: "Take the chosen address away, so that the network gives one, or choose another.",
  },
  "link.refused": {
    title: "The interface could not be set up",
    sentence: "The kernel refused its address or another of its settings.",
    next: "Check the address, the MAC and the MTU of the network.",
  },

  "interface.changed": {
    title: "Something else changes the interface",
    sentence: "Another program or person changed it, and it can't be put back for now.",
    next: "Have that program leave the interface alone: sudo laneway service install",
  },
  "interface.overlap": {
    title: "The network overlaps with another one",
    sentence: "This machine has the same addresses on another interface, so some machines are not reached.",
    next: "Use another LAN, or ask for another subnet of the network.",
  },
  "relay.unreachable": {
    title: "The relay can't be reached",
    sentence: "It does not answer, or this machine is offline.",
    next: "Check this machine's connection; Laneway goes on trying.",
  },
  "relay.away": {
    title: "The relay is away for a moment",
    sentence: "It is being restarted, or has too much to do.",
    next: "Wait: Laneway connects again by itself.",
  },
  "relay.not-a-relay": {
    title: "That is not a Laneway relay",
    sentence:
      "Something answers at that address, but it is no relay, or a proxy in between stops WebSockets.",
    next: "Check the address, or ask the operator of the relay.",
  },
  "relay.websocket-blocked": {
    title: "A proxy stops the tunnel",
    sentence: "The relay answers, but something in between does not let WebSockets through.",
    next: "Ask the operator of the relay or of this network's proxy; the details say what the proxy takes away.",
  },
  "relay.login": {
    title: "Something in front of the relay asks for a password",
    sentence:
      "A proxy in front of the relay does not let this machine through without a user and a password.",
    next: "Write them into the relay's address: https://user:password@relay.example.",
  },
  "proxy.login": {
    title: "The proxy asks for a password",
    sentence:
      "The HTTP proxy on the way out does not take the user and password that it was given, or was given none.",
    next: "Correct the proxy's address in Settings.",
  },
  "proxy.forbidden": {
    title: "The proxy does not allow the relay",
    sentence: "The HTTP proxy on the way out refuses connections to the relay.",
    next: "Ask its administrator to allow CONNECT to the relay's address and port.",
  },
  "proxy.failed": {
    title: "The proxy does not reach the relay",
    sentence: "The HTTP proxy on the way out made no connection to the relay.",
    next: "Laneway tries again by itself; check that the relay runs.",
  },
  "proxy.unreachable": {
    title: "The proxy does not answer",
    sentence: "The HTTP proxy on the way out can't be reached.",
    next: "Laneway tries again by itself; check the proxy's address in Settings.",
  },
  "relay.certificate": {
    title: "The relay's certificate is not trusted",
    sentence: "It is out of date, for another name, or from an unknown authority.",
    next: "Check this machine's clock, then ask the operator of the relay.",
  },
  "relay.refused-value": {
    title: "A value from the relay is not used",
    sentence: "It is out of bounds, or would take over what this machine reaches in another way.",
    next: "If the network is to have it, run: laneway up NETWORK --allow-overlap",
  },
  "tunnel.closed-1009": {
    title: "The relay and this machine disagree on sizes",
    sentence: "One sent more at once than the other takes.",
    next: "Update the older of the two.",
  },
  "tunnel.closed-4001": {
    title: "The relay no longer lets this machine in",
    sentence: "It was removed from the network, or its access has expired.",
    next: "Join again with a new invite.",
  },
  "tunnel.closed-4002": {
    title: "The relay did not understand this machine",
    sentence: "It received something that is not in the protocol.",
    next: "Update Laneway on both ends; if it stays, send a report.",
  },
  "tunnel.closed-4003": {
    title: "Access was withdrawn",
    sentence: "An administrator removed this machine from the network.",
    next: "Ask the administrator, and join again with a new invite.",
  },
  "tunnel.closed-4004": {
    title: "The relay speaks another version",
    sentence: "The relay and this machine have no version of the protocol in common.",
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
    sentence: "The name alone does not say which one is meant.",
    next: "Choose it from the list.",
  },
  "network.none": {
    title: "There is no network to join",
    sentence: "The invite is good, but opens no network at present.",
    next: "Ask whoever sent it.",
  },
  "network.refused": {
    title: "The relay refused the network",
    sentence: "This machine is known there, but may not use this network.",
    next: "Ask the administrator of the network.",
  },
  "network.changed": {
    title: "The network has become another one",
    sentence: "It was deleted and made again since this machine joined.",
    next: "Turn it off and on again.",
  },
  "network.not-up": {
    title: "The network is off",
    sentence: "This needs a network that is connected.",
    next: "Turn it on, and try again.",
  },
  "peer.unknown": {
    title: "There is no such member",
    sentence: "It has left the network.",
    next: "Choose another member.",
  },
  "peer.offline": {
    title: "The member is offline",
    sentence: "It has to be connected for this.",
    next: "Wake it, or try again when it is online.",
  },
  "peer.no-answer": {
    title: "The member does not answer",
    sentence: "It is connected, but nothing came back in time.",
    next: "Check that its firewall lets Laneway's interface through, then try again.",
  },

  "usage.invite": {
    title: "That is not an invite",
    sentence: "An invite is a link like https://relay.example/join#v1.… or laneway://….",
    next: "Copy the whole link, and paste it again.",
  },
  "invite.refused": {
    title: "The relay does not know this invite",
    sentence: "It may have been cut short, or was made for another relay.",
    next: `Check that the link is whole. ${askForInvite}`,
  },
  "invite.expired": {
    title: "The invite has expired",
    sentence: "It was good until a date that has passed.",
    next: askForInvite,
  },
  "invite.used-up": {
    title: "The invite is used up",
    sentence: "It has let in as many machines as it may.",
    next: askForInvite,
  },
  "invite.revoked": {
    title: "The invite was withdrawn",
    sentence: "An administrator took it back.",
    next: askForInvite,
  },
  "enrol.bad-proof": {
    title: "The relay could not check this machine's key",
    sentence: "The relay goes by another address than the one in the link.",
    next: "Its operator sets the right address with --public-url.",
  },
  "enrol.bad-key": {
    title: "The relay refused this machine's key",
    sentence: "The key belongs to another machine, or is damaged.",
    next: "Leave the networks of this relay, and join again.",
  },
  "enrol.device-revoked": {
    title: "This machine was removed",
    sentence: "An administrator removed it, and the invite does not let it back in.",
    next: askForInvite,
  },
  "limit.devices": {
    title: "The relay is full",
    sentence: "It has as many machines as it may.",
    next: "Ask its operator to remove one that is no longer used, or to raise the limit.",
  },
  "limit.network-devices": {
    title: "The network is full",
    sentence: "It has as many machines as it may.",
    next: "Ask its administrator to remove one that is no longer used, or to raise the limit.",
  },
  "rate.limited": {
    title: "Too many tries",
    sentence: "The relay makes this address wait after wrong credentials.",
    next: "Wait a few minutes, then try again.",
  },
  "request.invalid": {
    title: "The relay can't use a value",
    sentence: "One of the values given is not valid there.",
    next: "Correct it and try again.",
  },

  "admin.no-token": {
    title: "An administrator's token is needed",
    sentence: "This machine has none for that relay.",
    next: "Add the token that the operator of the relay gave you.",
  },
  "admin.refused": {
    title: "The relay refused the token",
    sentence: "It is no administrator's token, or was revoked.",
    next: "Check that it is whole, or ask the operator for a new one.",
  },
  "admin.forbidden": {
    title: "The token does not go that far",
    sentence: "It administers another tenant, or only a part of the relay.",
    next: "Use the token of that tenant, or ask the operator.",
  },

  "usage.cidr": {
    title: "That is not an address range",
    sentence: "It is written like 10.20.0.0/24.",
    next: "Correct it and try again.",
  },
  "usage.mac": {
    title: "That is not a MAC address",
    sentence: "It is written like 02:00:5e:00:53:01.",
    next: "Correct it and try again.",
  },
  "usage.proxy": {
    title: "That is not a proxy's address",
    sentence: "An HTTP proxy is written http://host:port, or http://user:password@host:port.",
    next: "Correct it and try again.",
  },
  "usage.ca": {
    title: "There is no certificate in it",
    sentence: "Authorities are trusted by certificates in PEM.",
    next: "Choose another file and try again.",
  },
  "usage.relay": {
    title: "That is not a relay's address",
    sentence: "It starts with https:// or http://.",
    next: "Correct it and try again.",
  },
};
