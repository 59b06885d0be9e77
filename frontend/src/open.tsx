import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { GoneError } from "./hosts/errors";
import type { Host } from "./hosts/host";
import { reportIn, type ReportHost } from "./hosts/report";
import { ServerHost } from "./hosts/server";
import { Address } from "./shell/address";
import { Opening } from "./shell/opening";
import { Page } from "./shell/page";
import { openingLayout } from "./shell/saved-layout";
import { Session } from "./state/session";
import { followTheme } from "./state/theme";
import { reason } from "./hosts/reason";

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
    // A log that cannot be read is told when the session reads it; the page opens on its first layout then.
    const [recording, log] = await Promise.all([host.recording(), host.decisions().catch(() => [])]);
    const { layout, faults } = openingLayout(recording, log);
    const opened = new Session(host, recording, layout);
    effect(() => void (opened.store.theme.value = theme.shown.value));
    const address = new Address();
    address.follow(opened);
    opened.start(location.hash, address.keep);
    for (const note of [...faults, ...(report?.notes ?? [])]) opened.store.notice(note);
    session.value = opened;
  } catch (error) {
    failed.value = reason(error);
    if (error instanceof GoneError) setTimeout(() => void open(), AGAIN_MS);
  }
}

function App() {
  return session.value ? <Page session={session.value} theme={theme} /> : <Opening failed={failed.value} retry={() => void open()} />;
}

/** Draw the page of this document: a report's if it carries data, else its server's. */
export function openPage(): void {
  const root = document.getElementById("page");
  if (root) render(<App />, root);
  void open();
}
