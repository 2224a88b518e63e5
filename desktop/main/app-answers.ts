import type { AppSettings, AppState } from "../rpc/bridge.ts";
import type { AgentConnection } from "./agent/agent-connection.ts";
import type { CaptureFiles } from "./agent/capture-files.ts";
import type { AppAnswers } from "./calls.ts";
import type { PendingLink } from "./deep-link.ts";
import type { SettingsFile } from "./settings-file.ts";
import { EXTERNAL_PAGES } from "./window/external-pages.ts";

export interface AppAnswersOptions {
  readonly version: string;
  readonly platform: AppState["platform"];
  readonly locale: () => string;
  readonly socket: string;
  readonly agent: AgentConnection;
  readonly settings: SettingsFile;
  readonly link: PendingLink;
  readonly captures: CaptureFiles;
  /** Asks for a file to save to; undefined if the user chose none. */
  readonly chooseFile: (suggested: string) => Promise<string | undefined>;
  readonly copy: (text: string) => void;
  /** Opens an address in the user's browser. */
  readonly open: (url: string) => Promise<void>;
  /** Applies changed settings. */
  readonly apply: (settings: AppSettings) => void;
  readonly quit: () => void;
}

/** Returns the app's answers to its window. */
export function appAnswers(options: AppAnswersOptions): AppAnswers {
  const { version, platform, socket, agent, settings, link, captures } = options;
  return {
    "app.state": () => ({
      version,
      platform,
      locale: options.locale(),
      socket,
      agent: agent.link,
      settings: settings.settings,
      ...(link.link === undefined ? {} : { link: link.link }),
    }),
    "app.settings.set": (changes) => {
      const now = settings.set(changes);
      options.apply(now);
      return now;
    },
    "app.agent.retry": () => {
      agent.retry();
      return agent.link;
    },
    "app.link.taken": () => {
      link.taken();
      return {};
    },
    "app.copy": ({ text }) => {
      options.copy(text);
      return {};
    },
    "app.open": async ({ page }) => {
      await options.open(EXTERNAL_PAGES[page]);
      return {};
    },
    "app.capture.start": async ({ network, seconds }) => {
      const file = await options.chooseFile("laneway.pcapng");
      return file === undefined ? {} : { job: await captures.start(network, seconds, file), file };
    },
    "app.capture.stop": async ({ job }) => {
      await captures.stop(job);
      return {};
    },
    "app.quit": () => {
      options.quit();
      return {};
    },
  };
}
