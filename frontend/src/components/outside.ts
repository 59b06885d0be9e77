/** Components of outsiders: modules that the owner registered in Python, in the list of views as `outside:name`. */
import { h } from "preact";
import css from "./anywidget/anywidget.css?inline";
import type { ModuleInfo, Recording } from "../hosts/recording";
import { defineComponent, drawnLater, type Context, type Definition } from "./component";

const PREFIX = "outside:";

function moduleOf(recording: Recording, name: string): ModuleInfo | undefined {
  return recording.modules.find((module) => module.kind === "component" && module.name === name);
}

function defined(name: string): Definition {
  const load = async () => {
    const { Loaded } = await import("./outside-view");
    const View = ({ ctx }: { ctx: Context }) => {
      const module = moduleOf(ctx.store.recording.value, name);
      return module ? h(Loaded, { ctx, module }) : null;
    };
    return { View };
  };
  return defineComponent({
    type: PREFIX + name,
    title: name,
    needs: [],
    options: { "*": { type: "json", default: null, private: true, says: "Whatever the component itself defines." } },
    styles: css,
    applies: (recording) => moduleOf(recording, name) !== undefined || `No component “${name}” is registered. Register it in Python: hub.register_component("${name}.js"). Code is never taken from a layout, an address or an upload.`,
    mount: drawnLater(load),
  });
}

/** One definition for each name, so that a tile that is drawn again is the same tile. */
const known = new Map<string, Definition>();

/** The definition behind `outside:name`; null for any other type. */
export function outsideComponent(type: string): Definition | null {
  if (!type.startsWith(PREFIX) || type.length === PREFIX.length) return null;
  let definition = known.get(type);
  if (!definition) known.set(type, (definition = defined(type.slice(PREFIX.length))));
  return definition;
}

/** What the list of views offers beside our own. */
export function outsideComponents(recording: Recording): readonly Definition[] {
  return recording.modules.filter(({ kind }) => kind === "component").flatMap(({ name }) => outsideComponent(PREFIX + name) ?? []);
}
