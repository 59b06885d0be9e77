/** What a report carries: the same page as one file, its style beside it. */
import { openPage } from "./open";

openPage();
