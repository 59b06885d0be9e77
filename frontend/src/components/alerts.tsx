/** Where the training went wrong, told where it must be seen: at the head of the run and at its timeline. */
import { checkpointText } from "../draw/where";
import { Door } from "../draw/parts";
import { stringsOf } from "../hosts/arrow";
import { useAnalysis, type Asked } from "./analysis";
import type { Context } from "./component";

const HEALTH: Asked = { analysis: "health", params: {}, tables: { alerts: ["checkpoint", "text"] }, title: "Watching the training" };

export interface Alert {
  /** Name of the checkpoint that shows it, and its place. */
  checkpoint: string;
  place: number;
  text: string;
}

/** The alerts of this run, oldest first; a run that is still recording is watched, a finished one only if somebody asks. */
export function useAlerts(ctx: Context, asked = false): readonly Alert[] {
  const recording = ctx.store.recording.value;
  const { tables } = useAnalysis(ctx, HEALTH, asked || recording.writing);
  const alerts = tables?.get("alerts");
  if (!alerts) return [];
  const [checkpoint, text] = [stringsOf(alerts, "checkpoint"), stringsOf(alerts, "text")];
  const n = alerts.get("checkpoint")?.length ?? 0;
  return Array.from({ length: n }, (_, row) => {
    const name = checkpoint(row);
    return { checkpoint: name, place: recording.checkpoints.findIndex((one) => one.name === name), text: text(row) };
  }).filter(({ place }) => place >= 0);
}

export function Alerts({ ctx, alerts }: { ctx: Context; alerts: readonly Alert[] }) {
  if (alerts.length === 0) return null;
  const recording = ctx.store.recording.value;
  const name = (alert: Alert) => checkpointText(recording, alert.checkpoint);
  return (
    <ul class="alerts" role="status" aria-label="Where the training went wrong">
      {alerts.map((alert) => (
        <li key={`${alert.checkpoint} ${alert.text}`}>
          <span class="badge bad"><Door leads={`go to ${name(alert)}`} open={() => ctx.store.choose(alert.place)}>{name(alert)}</Door></span> {alert.text}
        </li>
      ))}
    </ul>
  );
}
