import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Button } from "../../../../shared/ui/button.tsx";
import { SelectField, TextField } from "../../../../shared/ui/field.tsx";
import type { LogEntry, LogLevel, Problem } from "../../../rpc/shapes.ts";
import { Card, Page } from "../../components/page.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import { useLocale, useStore } from "../../state/context.ts";
import { passing } from "../../state/logs.ts";

/** Greatest number of lines drawn, the newest. */
const DRAWN = 500;
/** Distance from the end, in pixels, within which the view follows the log. */
const NEAR = 40;

/** Shows the service's log, and creates a report of it for support. */
export function LogsScreen(): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const { logs } = store;
  const problem = useSignal<Problem | undefined>(undefined);
  const shown = useComputed(() => passing(logs.entries.value, logs.filter.value));
  const filter = logs.filter.value;
  const { levels } = t.logs;

  async function copyReport(): Promise<void> {
    const answer = await store.bridge.call("report", {});
    problem.value = answer.ok ? undefined : answer.error;
    if (answer.ok && (await store.copy(answer.result.text))) store.announcer.say(t.logs.reportCopied);
  }

  return (
    <Page
      title={t.screens.logs}
      lead={t.logs.lead}
      actions={
        <Button
          icon="copy"
          disabled={!store.mayChange}
          describedBy="report-hint"
          onPress={() => void copyReport()}
        >
          {t.logs.report}
        </Button>
      }
    >
      {problem.value === undefined ? null : <ProblemCard problem={problem.value} />}
      <div class="row">
        <TextField
          label={t.logs.filter}
          type="search"
          placeholder={t.logs.filterHint}
          value={filter.text}
          onInput={(text) => {
            logs.filter.value = { ...logs.filter.value, text };
          }}
        />
        <SelectField<LogLevel>
          label={t.logs.level}
          value={filter.level}
          options={[
            ["debug", levels.debug],
            ["info", levels.info],
            ["warn", levels.warn],
            ["error", levels.error],
          ]}
          onChange={(level) => {
            logs.filter.value = { ...logs.filter.value, level };
          }}
        />
      </div>
      <Card
        title={t.logs.list}
        bare
        actions={
          <span class="muted number" role="status">
            {t.logs.shown(shown.value.length, logs.entries.value.length)}
          </span>
        }
      >
        <LogLines entries={shown.value.slice(-DRAWN)} />
      </Card>
      <p class="muted" id="report-hint">
        {t.logs.reportHint}
      </p>
    </Page>
  );
}

function LogLines({ entries }: { readonly entries: readonly LogEntry[] }): JSX.Element {
  const { t, formats } = useLocale();
  const list = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  useEffect(() => {
    const element = list.current;
    if (element !== null && follows.current) element.scrollTop = element.scrollHeight;
  }, [entries]);
  return (
    <div
      ref={list}
      class="log"
      role="log"
      aria-label={t.logs.list}
      // Not a live region: a reader would say every line.
      aria-live="off"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must reach a region that scrolls
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        follows.current = scrollHeight - scrollTop - clientHeight < NEAR;
      }}
    >
      {entries.length === 0 ? <p class="empty">{t.logs.nothing}</p> : null}
      {entries.map((entry) => (
        <div class="log-line" key={`${entry.at} ${entry.code} ${entry.message}`}>
          <time dateTime={entry.at}>{formats.clock(entry.at)}</time>
          <span class={`level-${entry.level}`}>{t.logs.names[entry.level]}</span>
          <span class="message" lang="en">
            <span class="code">{entry.code}</span> {entry.message}
          </span>
        </div>
      ))}
    </div>
  );
}
