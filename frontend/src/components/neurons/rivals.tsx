/** The same mistakes by other means: retrained heads beside the edit, so that neither looks good alone. */
import { useMemo, useState } from "preact/hooks";
import { measure, percent } from "../../draw/format";
import { useAnalysis } from "../analysis";
import type { Context } from "../component";
import type { Known } from "../samples-strip";
import { editing, measured, METHODS, readEdited, type Edit, type Method } from "./edits";
import { ChangeDoor } from "./effect";

interface RivalsProps {
  ctx: Context;
  edit: Edit;
  known: Known | null;
}

function Change({ before, after }: { before: number | null | undefined; after: number | null | undefined }) {
  if (before == null || after == null) return <td class="numeric muted">–</td>;
  return <td class={`numeric ${after > before ? "better" : after < before ? "worse" : ""}`} title={`from ${percent(before)}`}>{percent(after)}</td>;
}

function Rival({ ctx, edit, known, method }: RivalsProps & { method: Method }) {
  const own: Edit = method.id === edit.method.id ? edit : { ...edit, method, strength: null };
  const lacks = method.groups === true && edit.groups === null;
  const asked = useMemo(() => (lacks ? null : editing(own, ctx.store)), [JSON.stringify(own), lacks, ctx.store.chosen.value, ctx.store.recording.value]);
  const used = useAnalysis(ctx, asked);
  const edited = useMemo(() => (used.tables ? readEdited(used.tables) : null), [used.tables]);
  const { answer } = used;
  const accuracy = edited && measured(edited, "accuracy");
  const worst = edited && measured(edited, "worst_group");
  const said = lacks ? "needs a column under “Judged by”" : answer.state === "running" ? `${answer.progress ? percent(answer.progress.done, 0) : "…"}` : answer.state === "failed" ? answer.why : null;
  return (
    <tr class={method.id === edit.method.id ? "on" : ""}>
      <th scope="row"><button type="button" class="door" title={method.says} onClick={() => ctx.set({ method: method.id, strength: null })}>{method.name}</button>{edited?.strength != null && <span class="muted small num"> {measure(edited.strength)}</span>}</th>
      {edited ? (
        <>
          <td class="numeric"><ChangeDoor ctx={ctx} edited={edited} known={known} verdict="fixed" /></td>
          <td class="numeric"><ChangeDoor ctx={ctx} edited={edited} known={known} verdict="broken" /></td>
          <Change before={accuracy?.before} after={accuracy?.after} />
          <Change before={worst?.before} after={worst?.after} />
        </>
      ) : (
        <td colSpan={4} class="muted">{said ?? (ctx.data.capabilities.run ? <button type="button" class="button quiet" disabled={answer.state === "asking"} onClick={used.run}>Work it out</button> : "needs a live session")}</td>
      )}
    </tr>
  );
}

export function Rivals(props: RivalsProps) {
  const { edit } = props;
  const [open, set] = useState(false);
  const others = METHODS.filter((method) => !method.instant || method.id === edit.method.id || method.id === "zero");
  return (
    <details class="rivals" onToggle={(event) => set(event.currentTarget.open)}>
      <summary>Compare with a retrained head: DFR, AFR, NeuronTune, balanced</summary>
      {open && (
        <div class="table-scroll">
          <table aria-label="Ways to mitigate, side by side">
            <thead><tr><th scope="col">Way</th><th scope="col" class="numeric">fixes</th><th scope="col" class="numeric">breaks</th><th scope="col" class="numeric">all right</th><th scope="col" class="numeric">worst group</th></tr></thead>
            <tbody>{others.map((method) => <Rival key={method.id} {...props} method={method} />)}</tbody>
          </table>
          <p class="small muted">All judged on the same samples. Groups made by the neurons are the same for every row of one basket; a column of the recording tells more.</p>
        </div>
      )}
    </details>
  );
}
