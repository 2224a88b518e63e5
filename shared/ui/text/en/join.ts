/** The words of the join page in English; some have `<code>` in them. */
export const joinWords = {
  title: "Join a Laneway network",
  heading: "You are invited to a network",
  lead: "Laneway puts this machine on a private Ethernet segment, wherever it is, and needs nothing but HTTPS to get there.",
  app: "With the desktop app",
  openApp: "Open in Laneway",
  commandLine: "With the command line, on Linux",
  get: "Get Laneway on the machine that is to join: with Node 20 or later, run <code>npm ci</code> in a checkout of it. There, <code>npx laneway</code> is the command.",
  join: "Join, as root, with the link that you opened, the whole of it:",
  placeholder: "LINK",
  up: "Bring the network up, as root:",
  copy: "Copy",
  copied: "Copied",
  paste:
    "In place of <code>LINK</code>, paste the address of this page, with all that follows the <code>#</code>.",
  incomplete: "This link is not complete: ask whoever sent it for the whole of it.",
  secret: "The link is a key: whoever has it can join in your place. Keep it to yourself.",
};
