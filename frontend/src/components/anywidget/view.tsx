import { useEffect, useRef, useState } from "preact/hooks";
import { why } from "../../afm/module";
import { Explanation, Failure, Heading } from "../../draw/parts";
import type { ModuleInfo } from "../../hosts/recording";
import type { Context } from "../component";
import { CodeMark } from "./code-mark";
import { runWidget } from "./run";
import { HOW, widgetsIn } from "./targets";
import css from "./anywidget.css?inline";

export const styles = css;

function Running({ ctx, module }: { ctx: Context; module: ModuleInfo }) {
  const at = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  const map = JSON.stringify(ctx.options.value["map"]);
  useEffect(() => {
    setFailed(null);
    return at.current ? runWidget(ctx, module, at.current, (error) => setFailed(why(error))) : undefined;
  }, [module.code, module.style, map, turn]);
  return (
    <>
      {failed !== null && <Failure what={`The module “${module.name}” failed.`} why={`${failed} The rest of the page works.`} retry={() => setTurn(turn + 1)} />}
      <div class="widget" ref={at} tabIndex={0} role="group" aria-label={module.name} />
    </>
  );
}

function Choose({ ctx, modules, wanted }: { ctx: Context; modules: readonly ModuleInfo[]; wanted: string | null }) {
  const text = wanted === null ? "No module is chosen for this tile." : `This tile asks for the module “${wanted}”, which is not registered. ${HOW}`;
  return (
    <Explanation title="A widget of others" text={text}>
      {modules.length > 0 && (
        <label class="choose">
          Module
          <select aria-label="Module" value="" onChange={(event) => ctx.set({ module: event.currentTarget.value })}>
            <option value="">Choose one</option>
            {modules.map(({ name }) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
      )}
    </Explanation>
  );
}

export function View({ ctx }: { ctx: Context }) {
  const { module: wanted, title } = ctx.options.value as { module: string | null; title: string | null };
  const modules = widgetsIn(ctx.store.recording.value);
  const module = modules.find(({ name }) => name === wanted);
  if (!module) return <Choose ctx={ctx} modules={modules} wanted={wanted} />;
  return (
    <section aria-label={title ?? module.name}>
      <Heading title={title ?? module.name} small={<CodeMark hash={module.code} />} />
      <Running ctx={ctx} module={module} />
    </section>
  );
}
