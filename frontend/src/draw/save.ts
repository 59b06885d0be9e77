/** Files that the page gives away, each with a name that tells it from the others. */

const LONGEST = 120;

/** `demo-scatter-2-ink-by-brightness.png`: letters and digits of any script, everything else a hyphen. */
export function fileName(parts: readonly string[], ending: string): string {
  const words = parts.map((part) => part.normalize("NFC").replace(/[^\p{L}\p{N}_]+/gu, "-").replace(/^-+|-+$/g, "")).filter((part) => part !== "");
  return `${[...words.join("-")].slice(0, LONGEST).join("") || "bathyscope"}.${ending}`;
}

export function saveAs(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
