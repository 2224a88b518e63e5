// Inserts the opened link into the page at /join, and offers what suits the visitor's system. The link is sent nowhere.
import "./style/join.css";

const element = (id: string) => document.getElementById(id) as HTMLElement;

/** Shows a command with its button, which copies it. */
const showCommand = (box: Element | null, command: string) => {
  const text = box?.querySelector("pre");
  const copy = box?.querySelector("button");
  if (!text || !copy) return;
  text.textContent = command;
  copy.hidden = false;
  copy.addEventListener("click", () => {
    const told = () => {
      element("told").textContent = copy.dataset["copied"] ?? "";
    };
    // The clipboard exists only over HTTPS: without it, selects the command, to be copied by hand.
    if (navigator.clipboard === undefined) getSelection()?.selectAllChildren(text);
    else navigator.clipboard.writeText(command).then(told, () => {});
  });
};

/** Offers the relay's packages for the visitor's system, if it has any. */
const offerPackages = async (link: string) => {
  const response = await fetch(new URL("packages/index.json", document.baseURI));
  const packages = (await response.json()) as { readonly name: string }[];
  const named = (pattern: RegExp) => packages.findLast(({ name }) => pattern.test(name))?.name;
  const system = navigator.userAgent;
  if (/Linux/.test(system) && !/Android/.test(system) && named(/^laneway_.*\.deb$/) !== undefined) {
    const script = new URL("install.sh", document.baseURI).href;
    showCommand(
      document.querySelector("#install .command"),
      `curl -fsS '${script}' | sudo sh -s -- '${link}'`,
    );
    element("install").hidden = false;
    element("steps").hidden = true;
  }
  const file = /Windows/.test(system)
    ? named(/\.exe$/)
    : /Macintosh/.test(system)
      ? named(/\.dmg$/)
      : undefined;
  const button = document.querySelector<HTMLAnchorElement>("#download a");
  if (file === undefined || button === null) return;
  button.href = new URL(`packages/${file}`, document.baseURI).href;
  button.textContent = file;
  element("download").hidden = false;
};

// Inserts only valid links, because others could break out of the command's quotes.
const isInvite = /^#v1\.[a-z0-9-]{1,63}\.[A-Za-z0-9_-]{43}$/.test(location.hash);
if (isInvite && !location.href.includes("'")) {
  showCommand(element("join"), `npx laneway join '${location.href}'`);
  element("paste").hidden = true;
  if (location.protocol === "https:") {
    element("open").setAttribute("href", location.href.replace(/^https/, "laneway"));
    element("app").hidden = false;
  }
  // Without an answer, the steps by hand stay.
  offerPackages(location.href).catch(() => {});
} else {
  element("incomplete").hidden = false;
}
