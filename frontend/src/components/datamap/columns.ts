/** Which columns may hold regions. */
import type { Recording } from "../../hosts/recording";
import { fieldsOf, type Field } from "../../state/fields";

const TYPES: readonly Field["type"][] = ["category", "text", "integer"];
const CALLED = /countr|nation|\biso|region|\bland\b|\bstate\b|province|county|territor|location|place|origin/i;

/** In the order in which they are tried: columns whose names say so first. */
export function placeColumns(recording: Recording): readonly Field[] {
  const found = fieldsOf(recording).filter(({ type, role }) => TYPES.includes(type) && (role === "metadata" || role === "label" || role === "split"));
  const called = ({ name }: Field) => CALLED.test(name.replace(/([a-z])([A-Z])|_/g, "$1 $2"));
  return [...found.filter(called), ...found.filter((field) => !called(field))];
}

/** Whether a column is small enough to look into without being asked: its values travel with the description, or its name says so. */
export function worthLooking({ name, type }: Field): boolean {
  return type === "category" || CALLED.test(name);
}
