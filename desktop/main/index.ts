// The app's main process: connects the parts, and needs no privileges. Frames never come here; the agent, a service of
// its own, has them, and the networks stay up without the app.
import { join } from "node:path";
import { app, Menu, protocol, session } from "electron";
import { defaultSocket } from "../rpc/socket-path.ts";
import { LINK_SCHEME } from "./deep-link.ts";
import { DesktopApp } from "./desktop-app.ts";
import { appMenu } from "./window/app-menu.ts";
import { registerAppScheme, serveApp } from "./window/app-protocol.ts";
import { lockContents } from "./window/navigation.ts";
import { lockSession } from "./window/permissions.ts";

// Both must be set before the app is ready.
app.enableSandbox();
registerAppScheme(protocol);

/** The built file is in one of three folders side by side. */
const BUILD = join(import.meta.dirname, "..");

async function start(): Promise<void> {
  // macOS sends links as events, perhaps before the app is ready; other systems pass them as arguments.
  const links: string[] = [];
  let running: DesktopApp | undefined;
  app.on("open-url", (event, url) => {
    event.preventDefault();
    if (running === undefined) links.push(url);
    else running.opened([url]);
  });
  app.on("web-contents-created", (_event, contents) => lockContents(contents));
  await app.whenReady();
  lockSession(session.defaultSession);
  serveApp(protocol, join(BUILD, "renderer"));
  const menu = appMenu(process.platform);
  Menu.setApplicationMenu(menu === null ? null : Menu.buildFromTemplate(menu));
  // On Linux the package registers it, by its .desktop file.
  if (app.isPackaged && process.platform !== "linux") app.setAsDefaultProtocolClient(LINK_SCHEME);
  running = new DesktopApp({ socket: defaultSocket(), preload: join(BUILD, "preload", "index.cjs") });
  await running.run([...process.argv.slice(1), ...links]);
}

// A second start shows the window of the first, and passes its link to it.
if (app.requestSingleInstanceLock()) void start();
else app.quit();
