import { describe, expect, it } from "vitest";
import { LiveLine, type LiveState } from "../../../../desktop/cli/print/live-line.ts";

const CLEAR = "\r\x1b[2K";

/** A line on a terminal that records its output, and a stopped clock. */
function scene(columns = 80) {
  let written = "";
  const now = { ms: 0 };
  const state: { -readonly [Key in keyof LiveState]: LiveState[Key] } = {
    networks: [],
    rxBytes: 0,
    txBytes: 0,
    members: undefined,
  };
  const terminal = {
    columns,
    write: (text: string) => {
      written += text;
    },
  };
  const line = new LiveLine(
    terminal,
    () => state,
    () => now.ms,
  );
  return {
    line,
    state,
    now,
    /** Returns the terminal's last line. */
    shown: () => written.split("\n").at(-1)?.split(CLEAR).at(-1),
    written: () => written,
    terminal,
  };
}

describe("the live line", () => {
  it("shows the networks' state, the current traffic, and the number of other members", () => {
    const { line, state, now, shown } = scene();
    expect(shown()).toBe("connecting | in 0 B/s | out 0 B/s");
    state.networks = [
      { name: "lan", state: "up" },
      { name: "lab", state: "reconnecting" },
    ];
    state.members = 3;
    state.rxBytes = 2_500_000;
    state.txBytes = 1_024;
    now.ms = 2_000;
    line.tick();
    expect(shown()).toBe("lan up, lab reconnecting | in 1.3 MB/s | out 512 B/s | 3 others");
    state.rxBytes = 0;
    state.members = 1;
    now.ms = 3_000;
    line.tick();
    expect(shown()).toBe("lan up, lab reconnecting | in 0 B/s | out 0 B/s | 1 other");
    line.close();
  });

  it("stays below other output, and disappears at the end", () => {
    const { line, terminal, written, shown } = scene();
    line.above(() => terminal.write("lan is up\n"));
    expect(written()).toContain(`${CLEAR}lan is up\n${CLEAR}connecting`);
    line.close();
    expect(shown()).toBe("");
    line.above(() => terminal.write("the end\n"));
    expect(written().endsWith(`${CLEAR}the end\n`)).toBe(true);
  });

  it("never wraps, and obeys no control characters in names", () => {
    const { line, state, shown } = scene(24);
    state.networks = [{ name: "evil\x1b[31m\nname", state: "up" }];
    line.tick();
    expect(shown()).toBe("evil [31m name up | in ");
    line.close();
  });
});
