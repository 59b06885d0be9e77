import { effect, signal } from "@preact/signals";
import { render } from "preact";
import "./page.css";
import "./draw/base.css";
import "./shell/shell.css";
import { GoneError } from "./hosts/errors";
import type { Host } from "./hosts/host";
import { reportIn, type ReportHost } from "./hosts/report";
import { ServerHost } from "./hosts/server";
import { Opening } from "./shell/opening";
import { firstLayout } from "./shell/first-layout";
import { Page } from "./shell/page";
import { Session } from "./state/session";
import { followTheme } from "./state/theme";

const AGAIN_MS = 2000;

let report: ReportHost | null = null;
let host: Host | null = null;
const theme = followTheme(document.documentElement);
const session = signal<Session | null>(null);
const failed = signal<string | null>(null);

async function open(): Promise<void> {
  failed.value = null;
  try {
    // A document that carries data is a report; any other asks the server it came from.
    host ??= report = reportIn(document);
    host ??= new ServerHost(document.baseURI);
    const recording = await host.recording();
    const opened = new Session(host, recording, firstLayout(recording));
    effect(() => void (opened.store.theme.value = theme.shown.value));
    opened.start(location.hash, (fragment) => {
      const address = fragment ? `#${fragment}` : location.pathname + location.search;
      history.replaceState(null, "", address);
    });
    for (const note of report?.notes ?? []) opened.store.notice(note);
    document.title = `${recording.name} · Bathyscope`;
    session.value = opened;
  } catch (error) {
    failed.value = error instanceof Error ? error.message : String(error);
    if (error instanceof GoneError) setTimeout(() => void open(), AGAIN_MS);
  }
}

function App() {
  return session.value ? <Page session={session.value} theme={theme} /> : <Opening failed={failed.value} retry={() => void open()} />;
}

const root = document.getElementById("page");
if (root) render(<App />, root);
void open();
