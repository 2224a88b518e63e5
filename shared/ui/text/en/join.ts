/** The words of the join page in English; some have `<code>` in them. */
export const joinWords = {
  title: "Join a Laneway network",
  heading: "You are invited to a network",
  lead: "Laneway connects this machine to a private Ethernet segment over HTTPS, wherever it is.",
  app: "With the desktop app",
  openApp: "Open in Laneway",
  commandLine: "With the command line, on Linux",
  installLine:
    "Paste this line into a terminal. It installs Laneway from this relay, joins the network and brings it up.",
  download: "Get the desktop app",
  get: "Install Laneway on the machine: check out the repository and run <code>npm ci</code> in it, with Node 20 or later. The command is then <code>npx laneway</code>.",
  join: "Join as root, with the complete link that you opened:",
  placeholder: "LINK",
  up: "Bring the network up, as root:",
  copy: "Copy",
  copied: "Copied",
  paste:
    "In place of <code>LINK</code>, paste the address of this page, including everything after the <code>#</code>.",
  incomplete: "This link is not complete. Ask the sender for the complete link.",
  secret: "The link is a key: anyone who has it can join in your place. Keep it secret.",
};
