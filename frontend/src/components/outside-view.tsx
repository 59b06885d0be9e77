/** A component of an outsider at work: its module is loaded, checked, and drawn in a root of its own. */
import { useEffect, useRef, useState } from "preact/hooks";
import { importOnce, why } from "../afm/module";
import { Failure, Heading, Waiting } from "../draw/parts";
import type { ColumnInfo, ModuleInfo, Recording } from "../hosts/recording";
import { CodeMark } from "./anywidget/code-mark";
import type { Context } from "./component";
import { attempted, facadeOf, type Facade } from "./facade";
import { checked, type OptionSpec, type OptionSpecs } from "./options";

/** What a module's default export is: our own definition, in plain JavaScript. */
export interface OutsideDefinition {
  title: string;
  options?: OptionSpecs;
  styles?: string;
  applies?: (recording: Pick<Recording, "name" | "nSamples" | "classes"> & { columns: readonly ColumnInfo[] }) => true | string;
  mount: (facade: Facade) => unknown;
}

const KINDS: readonly OptionSpec["type"][] = ["text", "number", "flag", "choice", "texts", "json"];

function isSpec(value: unknown): boolean {
  const spec = (value ?? {}) as { readonly [name: string]: unknown };
  return KINDS.some((kind) => kind === spec["type"]) && "default" in spec && typeof spec["says"] === "string" && (spec["type"] !== "choice" || Array.isArray(spec["choices"]));
}

class ComponentError extends Error {}

/** The definition in a module, or a sentence on what is wrong with it. */
export function definitionIn(module: unknown, name: string): OutsideDefinition {
  const given = (module as { default?: unknown } | null)?.default as { readonly [name: string]: unknown } | undefined;
  const fail = (text: string): never => {
    throw new ComponentError(`The component “${name}” ${text}`);
  };
  if (given === null || typeof given !== "object") return fail("has no default export. End it with: export default { title, mount };");
  if (typeof given["title"] !== "string" || given["title"] === "") return fail("has no title. Say in a few words which question it answers.");
  if (typeof given["mount"] !== "function") return fail("has no function “mount”. It draws into facade.root and returns its clean-up.");
  if (given["applies"] !== undefined && typeof given["applies"] !== "function") return fail("has an “applies” that is no function.");
  if (given["styles"] !== undefined && typeof given["styles"] !== "string") return fail("has “styles” that are no text.");
  const options = given["options"] ?? {};
  const wrong = options === null || typeof options !== "object" ? "options" : Object.entries(options).find(([, spec]) => !isSpec(spec))?.[0];
  if (wrong !== undefined) return fail(`has an option “${wrong}” without a type (${KINDS.join(", ")}), a default and a sentence “says”.`);
  return given as unknown as OutsideDefinition;
}

/** Let a loaded definition draw in a root of its own. Returns how to end it. */
function begin(ctx: Context, definition: OutsideDefinition, box: HTMLElement, failed: (error: unknown) => void): () => void {
  const specs = definition.options ?? {};
  for (const text of checked(specs, ctx.options.peek()).wrong) ctx.store.notice(`${definition.title}: ${text}`);
  const el = document.createElement("div");
  const root = el.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(definition.styles ?? "");
  root.adoptedStyleSheets = [...ctx.root.adoptedStyleSheets.slice(0, 1), sheet];
  box.append(el);
  const control = new AbortController();
  const broken = (error: unknown) => control.signal.aborted || failed(error);
  const facade = facadeOf({ ...ctx, root, signal: control.signal }, specs, broken);
  const clean = (stop: unknown) => typeof stop === "function" && attempted(() => (stop as () => unknown)(), failed);
  // It may draw at once or, as a promise, later; either way it may say how to clean up, even when it is gone by then.
  const drawn = attempted(() => definition.mount(facade), broken);
  return () => {
    control.abort();
    if (drawn instanceof Promise) void drawn.then(clean);
    else clean(drawn);
    el.remove();
  };
}

function Drawn({ ctx, definition, name, retry }: { ctx: Context; definition: OutsideDefinition; name: string; retry: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState<string | null>(null);
  useEffect(() => (box.current ? begin(ctx, definition, box.current, (error) => setFailed(why(error))) : undefined), [definition]);
  return (
    <>
      {failed !== null && <Failure what={`The component “${name}” failed.`} why={`${failed} The rest of the page works.`} retry={retry} />}
      <div ref={box} />
    </>
  );
}

function appliesTo(definition: OutsideDefinition, { name, nSamples, classes, columns }: Recording): true | string {
  try {
    return definition.applies?.({ name, nSamples, classes, columns }) ?? true;
  } catch (error) {
    return `It could not say whether it applies: ${why(error)}`;
  }
}

export function Loaded({ ctx, module }: { ctx: Context; module: ModuleInfo }) {
  const [definition, setDefinition] = useState<OutsideDefinition | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  const retry = () => setTurn(turn + 1);
  useEffect(() => {
    let gone = false;
    setFailed(null);
    setDefinition(null);
    importOnce(module.code, () => ctx.data.code(`api/modules/${module.code}.js`))
      .then((imported) => !gone && setDefinition({ ...definitionIn(imported, module.name) }))
      .catch((error: unknown) => !gone && setFailed(error instanceof ComponentError ? error.message : why(error)));
    return () => void (gone = true);
  }, [module.code, turn]);
  const title = definition?.title ?? module.name;
  const applies = definition ? appliesTo(definition, ctx.store.recording.value) : true;
  return (
    <section aria-label={title}>
      <Heading title={title} small={<CodeMark hash={module.code} />} />
      {failed !== null && <Failure what={`The component “${module.name}” cannot be used.`} why={failed} retry={retry} />}
      {failed === null && !definition && <Waiting what={`Loading ${module.name}`} />}
      {applies !== true && <p class="muted why-not">{applies}</p>}
      {definition && applies === true && <Drawn key={turn} ctx={ctx} definition={definition} name={module.name} retry={retry} />}
    </section>
  );
}
