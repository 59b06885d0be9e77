/** Maps as a file of their own: the outlines of the world's countries, their names, and the projections. */
import { provide } from "../lazy";
import { drawnRegions } from "./paths";
import { regionsOf } from "./shapes";

provide("geo", { drawnRegions, regionsOf });
