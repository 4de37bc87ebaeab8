/** The running app: which workspace is open, the person's settings, and what they look like on the page. */
import { backend, type ApiError, type Settings, type Startup, type WorkspaceInfo } from "../backend";
import { toApiError } from "../backend";
import { resolveLanguage, setLanguage } from "../i18n";
import { fail } from "./toasts.svelte";

interface Session {
  readonly started: boolean;
  readonly workspace: WorkspaceInfo | null;
  readonly settings: Settings;
  /** Why the workspace that was asked for is not open. */
  readonly problem: ApiError | null;
  readonly version: string;
}

const INITIAL: Session = {
  started: false,
  workspace: null,
  settings: { language: "system", theme: "system", recent: [], people: {} },
  problem: null,
  version: "",
};

let state = $state.raw<Session>(INITIAL);
const darkSystem = window.matchMedia("(prefers-color-scheme: dark)");
let systemIsDark = $state(darkSystem.matches);
darkSystem.addEventListener("change", (event) => {
  systemIsDark = event.matches;
  showTheme();
});

export const session = {
  get now(): Session {
    return state;
  },
  /** The theme on screen, with "system" resolved. */
  get theme(): "light" | "dark" {
    if (state.settings.theme !== "system") return state.settings.theme;
    return systemIsDark ? "dark" : "light";
  },
};

/** Asks the Rust side what is open and how things should look. */
export async function startSession(): Promise<void> {
  showTheme();
  let startup: Startup;
  try {
    startup = await backend().startup();
  } catch (thrown) {
    state = { ...INITIAL, started: true, problem: toApiError(thrown) };
    return;
  }
  state = { started: true, ...startup };
  showTheme();
  setLanguage(resolveLanguage(state.settings.language));
}

/** The workspace that is open from now on. */
export function enterWorkspace(workspace: WorkspaceInfo): void {
  const recent = [workspace.path, ...state.settings.recent.filter((path) => path !== workspace.path)];
  state = { ...state, workspace, problem: null, settings: { ...state.settings, recent } };
}

/** Shows why a workspace did not open. */
export function showProblem(problem: ApiError | null): void {
  state = { ...state, problem };
}

/** Changes settings at once and keeps them. */
export async function changeSettings(change: Partial<Pick<Settings, "language" | "theme">>): Promise<void> {
  state = { ...state, settings: { ...state.settings, ...change } };
  showTheme();
  setLanguage(resolveLanguage(state.settings.language));
  try {
    await backend().saveSettings(state.settings);
  } catch (thrown) {
    fail("failed.settings", thrown);
  }
}

function showTheme(): void {
  document.documentElement.dataset["theme"] = session.theme;
}
