/** The chart library as a file of its own: it is larger than the rest of the page. */
import * as vega from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile } from "vega-lite";
import { provide } from "../lazy";

// Of the library's own declarations one is missing; `Library` says what of it is used.
provide("charts", { bin: (vega as object as { bin: unknown }).bin, compile, expressionInterpreter, parse: vega.parse, View: vega.View });
