/** The address of what is on the page, to hand on; and what of it an address cannot hold. */
import { copy } from "../components/table/copy";
import { plural } from "../draw/format";
import { isInline } from "../state/clauses";
import { fitted } from "../state/url";
import type { Shell } from "./shell";

/** The address now, and what somebody who opens it will not see, each in a few words. */
export function addressOf({ session }: Shell, here: string): { address: string; left: readonly string[] } {
  const { store } = session;
  const { text, left } = fitted(store.view());
  const big = store.clauses.value.filter(({ expr }) => !isInline(expr)).length;
  const missing = [...left, ...(big > 0 ? [`${plural(big, "filter")} of more than 100 chosen samples`] : []), ...(store.arrangement.changed.value ? ["changes to the layout that are not saved"] : [])];
  return { address: text === "" ? here : `${here}#${text}`, left: missing };
}

export async function share(shell: Shell): Promise<void> {
  const { address, left } = addressOf(shell, location.href.split("#")[0] ?? "");
  const without = left.length > 0 ? ` It does not hold ${left.join(", ")}.` : "";
  try {
    await copy(address);
    shell.tell(`The address of this view is copied.${without}`);
  } catch {
    shell.session.store.notice(`This browser does not let the page copy. The address in the bar above is that of this view.${without}`);
  }
}
