/** The map library, brought in when the first map is drawn, from wherever this page keeps it. */
import type { Session } from "../../state/session";
import { lazy } from "../lazy";
import address from "./geo?worker&url";
import type { drawnRegions } from "./paths";
import type { regionsOf } from "./shapes";

export interface Library {
  drawnRegions: typeof drawnRegions;
  regionsOf: typeof regionsOf;
}

export function library(session: Session): Promise<Library> {
  return lazy("geo", address, session);
}
