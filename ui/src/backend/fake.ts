/** An in-memory backend for component tests, never bundled: a small workspace, and loud failure on anything unknown. */
import type { Backend } from "./backend";
import type { Caption, Diagram, DiagramView, QueueFilter, QueueRow, Slot, State } from "./bindings";

/** A diagram of the fake workspace, and the name of every call made, in order. */
export interface Fake extends Backend {
  readonly calls: string[];
  readonly diagrams: Diagram[];
  /** Tells the window that somebody else wrote. */
  changed(): void;
  drop(paths: string[]): void;
}

/** A workspace of `count` diagrams, all to do; `answers` replaces single calls. */
export function fakeBackend(count = 3, answers: Partial<Backend> = {}): Fake {
  const calls: string[] = [];
  const fake = { ...workspaceOf(count), ...answers, calls };
  return new Proxy(fake as Fake, {
    get(target, name) {
      if (typeof name !== "string" || name === "then") return undefined;
      const value: unknown = Reflect.get(target, name);
      if (value === undefined) throw new Error(`the fake backend has no answer to ${name}`);
      if (typeof value !== "function") return value;
      calls.push(name);
      return value;
    },
  });
}

function workspaceOf(count: number): Partial<Fake> {
  const diagrams = Array.from({ length: count }, (_, index) => diagramOf(index + 1));
  const texts = new Map<string, { text: string; version: number }>();
  let changed = (): void => {};
  let dropped = (_: string[]): void => {};

  const listed = (filter: QueueFilter): Diagram[] =>
    diagrams.filter(({ state, name }) => (filter.state ?? state) === state && name.toLowerCase().includes(filter.search.toLowerCase()));
  const find = (id: string): Diagram => {
    const diagram = diagrams.find((each) => each.id === id);
    if (diagram === undefined) throw { code: "not_found", message: `no diagram ${id}`, help: null, named: null };
    return diagram;
  };
  const move = (id: string, state: State): State => (find(id).state = state);
  const committed = (slot: Slot) => ({
    head_revision: "r1", base_revision: "r1", version: texts.get(keyOf(slot))?.version ?? 0, conflict: null, state: find(slot.diagram_id).state,
  });

  return {
    diagrams,
    changed: () => changed(),
    drop: (paths) => dropped(paths),
    startup: async () => ({
      workspace: { name: "demo.callout", path: "/demo.callout", person: "mei" },
      settings: { language: "en", theme: "light", recent: ["/demo.callout"], people: {} }, problem: null, version: "0.1.0",
    }),
    openWorkspace: async (path) => ({ name: path, path, person: "mei" }),
    createWorkspace: async (path) => ({ name: path, path, person: "mei" }),
    saveSettings: async () => {},
    pickFolder: async () => null,
    pickFiles: async () => [],
    queuePage: async (filter, offset, limit) => {
      const all = listed(filter);
      return { total: all.length, offset, rows: all.slice(offset, offset + limit).map(rowOf) };
    },
    stateCounts: async (search) => {
      const counts = { todo: 0, in_progress: 0, submitted: 0, approved: 0, returned: 0, skipped: 0 };
      for (const { state } of listed({ state: null, search })) counts[state] += 1;
      return counts;
    },
    placeOf: async (filter, id) => {
      const index = listed(filter).findIndex((each) => each.id === id);
      return index < 0 ? null : { id, index };
    },
    neighbour: async (filter, id, forward) => {
      const all = listed(filter);
      const at = find(id).number;
      const near = forward ? all.find(({ number }) => number > at) : all.findLast(({ number }) => number < at);
      return near === undefined ? null : { id: near.id, index: all.indexOf(near) };
    },
    claimNext: async (filter, after) => {
      const free = listed(filter).filter(({ state }) => state === "todo" || state === "in_progress");
      const at = after === null ? 0 : find(after).number;
      const next = free.find(({ number }) => number > at) ?? free[0];
      return next === undefined ? null : { id: next.id, index: listed(filter).indexOf(next) };
    },
    openDiagram: async (id) => viewOf(find(id), texts),
    journal: async ({ slot, text, version }) => {
      texts.set(keyOf(slot), { text, version: version + 1 });
      const diagram = find(slot.diagram_id);
      if (diagram.state === "todo") diagram.state = "in_progress";
      return { version: version + 1, base_revision: null, at: "2026-11-23T14:02:11Z", conflict: null, state: diagram.state };
    },
    commitCaption: async (slot) => committed(slot),
    submit: async (slot) => {
      move(slot.diagram_id, "submitted");
      return committed(slot);
    },
    approve: async (id) => move(id, "approved"),
    returnToAuthor: async (id) => move(id, "returned"),
    reopen: async (id) => move(id, "in_progress"),
    diff: async (before, after) => ({
      hunks: before === after ? [{ kind: "equal", before, after }] : [{ kind: "replace", before, after }],
      kept: before === after ? 1 : 0.5,
    }),
    cancelImport: async () => {},
    models: async () => [],
    inventory: async () => ({ devices: [], listed: [], found: [] }),
    jobs: async () => [],
    engine: async () => ({ running: false, needed: false, pid: null, started_at: null }),
    ensureEngine: async () => false,
    lookAt: async () => {},
    me: async () => ({ id: "p1", name: "mei", roles: ["annotator", "author", "lead"] }),
    terms: async () => [],
    checkTerms: async () => [],
    filters: async () => [],
    diagramKinds: async () => [["", diagrams.length]],
    people: async () => [{ person: { id: "p1", name: "mei", roles: ["annotator", "author", "lead"] }, joined_at: "2026-11-01T00:00:00Z", last_at: null, submitted: 0, questions: 0 }],
    onWorkspaceChanged: async (handler) => ((changed = handler), () => (changed = () => {})),
    onFilesDropped: async (handler) => ((dropped = handler), () => (dropped = () => {})),
    onClosing: async () => () => {},
    onFilesHovering: async () => () => {},
    pictureUrl: (hash) => `fake:picture/${hash}`,
    structureUrl: (picture) => `fake:structure/${picture}`,
    tileUrl: (hash, level, col, row) => `fake:tile/${hash}/${level}/${col}_${row}`,
  };
}

function diagramOf(number: number): Diagram {
  return {
    id: `d${number}`, number, name: `diagram ${number}.png`, state: "todo",
    image: { hash: `h${number}`, format: "png", width: 640, height: 400, bytes: 1000 },
    view: { kind: "whole" }, context: `Context of diagram ${number}.`, source: null, license: null,
    imported_at: "2026-11-01T00:00:00Z", kind: "", plan: null, second: false, draft_hidden: false, skip_reason: null,
  };
}

function rowOf({ id, number, name, state }: Diagram): QueueRow {
  return { id, number, name, state, excerpt: `Draft of diagram ${number}`, conflict: false, claimed_by: null, open_threads: 0, questions: 0 };
}

function viewOf(diagram: Diagram, texts: ReadonlyMap<string, { text: string; version: number }>): DiagramView {
  const caption = (level: "global" | "detailed" | "structure"): Caption => {
    const slot: Slot = { diagram_id: diagram.id, level, region_id: null };
    const kept = texts.get(keyOf(slot));
    return {
      slot, region_name: null, draft: null, text: kept?.text ?? `Draft of diagram ${diagram.number}`, editor_state: null,
      written_by: null, base_revision: null, version: kept?.version ?? 0, saved_at: null, dirty: kept !== undefined, conflict: null,
      progress: kept === undefined ? "empty" : "written", links: [], reasons: [],
    };
  };
  return {
    diagram: { ...diagram }, regions: [], captions: [caption("global"), caption("detailed"), caption("structure")], drafts: [],
    return_reason: null, return_reasons: [], read_only: diagram.state === "submitted" || diagram.state === "approved",
    drafts_hidden: false, claim: null, waits_for_second: false, threads: [],
  };
}

function keyOf({ diagram_id, level, region_id }: Slot): string {
  return `${diagram_id} ${level} ${region_id ?? ""}`;
}
