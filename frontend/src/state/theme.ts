/** Light, dark, or as the system prefers; kept between visits. */
import { effect, signal, type Signal } from "@preact/signals";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "bathyscope.theme";

function kept(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === value) ?? "auto";
  } catch {
    return "auto";
  }
}

export interface ThemeState {
  theme: Signal<Theme>;
  /** What is on the page now. */
  shown: Signal<"light" | "dark">;
  stop: () => void;
}

export function followTheme(root: HTMLElement): ThemeState {
  const theme = signal<Theme>(kept());
  const system = matchMedia("(prefers-color-scheme: dark)");
  const systemDark = signal(system.matches);
  const shown = signal<"light" | "dark">("light");
  const changed = () => (systemDark.value = system.matches);
  system.addEventListener("change", changed);
  const stop = effect(() => {
    const dark = theme.value === "dark" || (theme.value === "auto" && systemDark.value);
    root.dataset["theme"] = dark ? "dark" : "light";
    shown.value = dark ? "dark" : "light";
    try {
      if (theme.value === "auto") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme.value);
    } catch {
      // Storage is blocked: the choice holds for this visit.
    }
  });
  return {
    theme,
    shown,
    stop: () => {
      stop();
      system.removeEventListener("change", changed);
    },
  };
}
