// Inserts the opened link into the page at /join. The link is sent nowhere.
import "./style/join.css";

const element = (id: string) => document.getElementById(id) as HTMLElement;

const showCopy = (command: string) => {
  const copy = element("copy");
  copy.hidden = false;
  copy.addEventListener("click", () => {
    const told = () => {
      element("told").textContent = copy.dataset["copied"] ?? "";
    };
    // The clipboard exists only over HTTPS: without it, selects the command, to be copied by hand.
    if (navigator.clipboard === undefined) getSelection()?.selectAllChildren(element("command"));
    else navigator.clipboard.writeText(command).then(told, () => {});
  });
};

// Inserts only valid links, because others could break out of the command's quotes.
const isInvite = /^#v1\.[a-z0-9-]{1,63}\.[A-Za-z0-9_-]{43}$/.test(location.hash);
if (isInvite && !location.href.includes("'")) {
  const command = `npx laneway join '${location.href}'`;
  element("command").textContent = command;
  element("paste").hidden = true;
  showCopy(command);
  if (location.protocol === "https:") {
    element("open").setAttribute("href", location.href.replace(/^https/, "laneway"));
    element("app").hidden = false;
  }
} else {
  element("incomplete").hidden = false;
}
