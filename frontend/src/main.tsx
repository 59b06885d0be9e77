import "./page.css";
import "./draw/base.css";
import "./shell/shell.css";
import { openPage } from "./open";

openPage();
