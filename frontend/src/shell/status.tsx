import { useEffect, useState } from "preact/hooks";
import { count, percent, plural } from "../draw/format";
import type { Recording } from "../hosts/recording";
import type { Session } from "../state/session";
import type { Shell } from "./shell";

/** Work shorter than this is not worth a line that appears and is gone. */
const QUICK_MS = 300;

function Connection({ session }: { session: Session }) {
  const connection = session.store.connection.value;
  const stays = session.hostName === "report";
  const [, tick] = useState(0);
  const lost = connection.state === "lost";
  useEffect(() => {
    if (!lost) return;
    const timer = setInterval(() => tick((n) => n + 1), 500);
    return () => clearInterval(timer);
  }, [lost]);
  if (stays) return null;
  if (connection.state === "connected") return <span class="connection"><i class="dot good" aria-hidden="true" />Connected</span>;
  if (connection.state === "connecting") return <span class="connection"><i class="dot" aria-hidden="true" />Connecting…</span>;
  const seconds = Math.max(0, Math.ceil((connection.retryAt - Date.now()) / 1000));
  return (
    <span class="connection lost">
      <i class="dot bad" aria-hidden="true" />
      {connection.reason} What is shown stays. Trying again {seconds > 0 ? `in ${seconds} s` : "now"}
      <button type="button" class="link" onClick={() => session.reconnect()}>Try now</button>
    </span>
  );
}

export function Jobs({ session }: { session: Session }) {
  const jobs = session.store.jobs.value;
  const first = jobs[0];
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (first === undefined) return;
    const timer = setTimeout(() => setLate(true), QUICK_MS);
    return () => clearTimeout(timer);
  }, [first?.id]);
  if (!first || !late) return null;
  const { progress } = first;
  return (
    <span class="job" role="group" aria-label="Running">
      <span>{first.title}{progress ? `: ${percent(progress.done, 0)}${progress.message ? `, ${progress.message}` : ""}` : "…"}</span>
      <progress aria-label={first.title} max={1} {...(progress ? { value: progress.done } : {})} />
      {session.hostName !== "report" && <button type="button" class="link" onClick={first.cancel}>Cancel</button>}
      {jobs.length > 1 && <span class="muted">and {jobs.length - 1} more</span>}
    </span>
  );
}

function Live({ session }: { session: Session }) {
  const { store } = session;
  const { writing, checkpoints } = store.recording.value;
  if (store.following()) return writing ? <span>Live: following</span> : null;
  return (
    <span>
      {writing ? "Live: " : ""}held at checkpoint {store.place() + 1} of {checkpoints.length}
      <button type="button" class="link" onClick={() => (store.chosen.value = null)}>{writing ? "Follow" : "Go to the last"}</button>
    </span>
  );
}

/** The day of the recording: what a report is read for long after. */
function recordedOn(recording: Recording): string {
  const day = recording.provenance.find(([name]) => name === "created_at")?.[1].slice(0, 10) ?? "";
  return /^\d{4}-\d\d-\d\d$/.test(day) ? ` · recorded ${day}` : "";
}

/** How much of a larger table is on the page. */
export function sampledText(recording: Recording): string | null {
  const { sampledFrom, nSamples } = recording;
  if (sampledFrom === null || sampledFrom <= nSamples) return null;
  const every = sampledFrom / Math.max(1, nSamples);
  const share = Math.abs(every - Math.round(every)) < 0.05 ? `1 of every ${count(Math.round(every))} samples` : "A random part of the samples";
  return `${share}: ${count(nSamples)} of ${count(sampledFrom)}`;
}

/** Everything that went wrong or was left out, in a list that opens. */
function Faults({ shell }: { shell: Shell }) {
  const { store } = shell.session;
  const notices = store.notices.value;
  const faults = shell.faults.value;
  const n = notices.length + faults.length;
  const [first] = [...faults.map(({ text }) => text), ...notices];
  if (n === 0) return null;
  const clear = () => {
    store.notices.value = [];
    shell.faults.value = [];
  };
  if (n === 1 && faults.length === 0) return <span class="notice">{first}<button type="button" class="link" onClick={clear}>Dismiss</button></span>;
  return (
    <details class="faults">
      <summary class="notice">{faults.length > 0 ? `${plural(faults.length, "error")}${notices.length > 0 ? ` and ${plural(notices.length, "note")}` : ""}` : plural(n, "note")}: {first}</summary>
      <div class="popover" role="region" aria-label="Errors and notes">
        <ul>
          {faults.map(({ text, details }) => (
            <li key={text}>
              <b class="warning">{text}</b>
              {details !== null && <pre>{details}</pre>}
            </li>
          ))}
          {notices.map((text) => (
            <li key={text}>{text}<button type="button" class="link" onClick={() => (store.notices.value = store.notices.value.filter((other) => other !== text))}>Dismiss</button></li>
          ))}
        </ul>
        <div class="actions"><button type="button" class="button" onClick={clear}>Dismiss all</button></div>
      </div>
    </details>
  );
}

function Passing({ session }: { session: Session }) {
  const { passing, total } = session.filter.counts.value;
  const filtered = session.filter.mask() !== null;
  return <>{filtered ? `${count(passing)} of ${plural(total, "sample")} pass` : plural(session.store.recording.value.nSamples, "sample")}</>;
}

export function Status({ shell }: { shell: Shell }) {
  const { session, told } = shell;
  const { store } = session;
  const recording = store.recording.value;
  const sampled = sampledText(recording);
  return (
    <div class="status">
      <Connection session={session} />
      <Live session={session} />
      <Jobs session={session} />
      {sampled !== null && <span class="notice" title="The figures on this page are of this part">{sampled}</span>}
      <Faults shell={shell} />
      {told.value !== null && <span class="told">{told.value}</span>}
      <span class="space" />
      <span class="muted num rows">{session.hostName} · <Passing session={session} />{recordedOn(recording)}</span>
    </div>
  );
}
