import { useEffect, useState } from "preact/hooks";
import { percent, plural } from "../draw/format";
import type { Recording } from "../hosts/recording";
import type { Session } from "../state/session";

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

function Jobs({ session }: { session: Session }) {
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

export function Status({ session }: { session: Session }) {
  const { store } = session;
  return (
    <footer class="status">
      <Connection session={session} />
      <Live session={session} />
      <Jobs session={session} />
      {store.notices.value.map((text) => (
        <span key={text} class="notice">
          {text}
          <button type="button" class="link" onClick={() => (store.notices.value = store.notices.value.filter((other) => other !== text))}>Dismiss</button>
        </span>
      ))}
      <span class="space" />
      <span class="muted num rows">{session.hostName} · {plural(store.recording.value.nSamples, "sample")}{recordedOn(store.recording.value)}</span>
    </footer>
  );
}
