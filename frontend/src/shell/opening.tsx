import { Failure, Waiting } from "../draw/parts";

/** Before there is a recording: what is happening, or what went wrong and what to do. */
export function Opening({ failed, retry }: { failed: string | null; retry: () => void }) {
  return (
    <main class="opening">
      {failed === null ? <Waiting what="Opening the recording" height={320} /> : <Failure what="The recording could not be opened." why={failed} retry={retry} />}
    </main>
  );
}
