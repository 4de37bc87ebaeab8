/** A long list as the window sees it: its length, and the pages that were looked at. Rust owns the rows. */

/** A stretch of a list, and how long the list is. */
export interface Page<Row> {
  readonly total: number;
  readonly rows: readonly Row[];
}

const PAGE_ROWS = 100;

/** Reads pages when they come into view; answers to older questions are dropped. */
export class Paged<Row> {
  readonly #ask: (offset: number, limit: number) => Promise<Page<Row>>;
  readonly #failed: (thrown: unknown) => void;
  #pages: ReadonlyMap<number, readonly Row[]> = $state.raw(new Map());
  #total = $state(0);
  #loaded = $state(false);
  #asked = new Set<number>();
  #generation = 0;
  #visible = { first: 0, last: 0 };

  constructor(ask: (offset: number, limit: number) => Promise<Page<Row>>, failed: (thrown: unknown) => void) {
    this.#ask = ask;
    this.#failed = failed;
  }

  get total(): number {
    return this.#total;
  }
  /** False until the first page has arrived. */
  get loaded(): boolean {
    return this.#loaded;
  }
  /** The row at `index`, or undefined while its page is on the way. */
  row(index: number): Row | undefined {
    return this.#pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }
  /** The rows that are here, with their places. */
  known(): [number, Row][] {
    return [...this.#pages].flatMap(([page, rows]) => rows.map((row, index): [number, Row] => [page * PAGE_ROWS + index, row]));
  }

  /** Makes sure that the rows `first..=last` are here or on the way. */
  show(first: number, last: number): void {
    this.#visible = { first, last };
    for (const page of pagesOf(first, last)) {
      if (!this.#pages.has(page) && !this.#asked.has(page)) void this.#load(page);
    }
  }

  /** Reads the pages in view again, keeping the old rows until the new ones are here; `top` starts at the first. */
  async reload(top = false): Promise<void> {
    if (top) this.#visible = { first: 0, last: 0 };
    const mine = ++this.#generation;
    try {
      const wanted = pagesOf(this.#visible.first, this.#visible.last);
      const answers = await Promise.all(wanted.map((page) => this.#ask(page * PAGE_ROWS, PAGE_ROWS)));
      if (mine !== this.#generation) return;
      this.#asked.clear();
      this.#pages = new Map(answers.map(({ rows }, index) => [wanted[index] ?? 0, rows]));
      this.#total = answers[0]?.total ?? 0;
      this.#loaded = true;
    } catch (thrown) {
      if (mine === this.#generation) this.#failed(thrown);
    }
  }

  async #load(page: number): Promise<void> {
    const mine = this.#generation;
    this.#asked.add(page);
    try {
      const { total, rows } = await this.#ask(page * PAGE_ROWS, PAGE_ROWS);
      if (mine !== this.#generation) return;
      this.#pages = new Map(this.#pages).set(page, rows);
      this.#total = total;
      this.#loaded = true;
    } catch (thrown) {
      if (mine === this.#generation) this.#failed(thrown);
    } finally {
      if (mine === this.#generation) this.#asked.delete(page);
    }
  }
}

function pagesOf(first: number, last: number): number[] {
  const from = Math.floor(Math.max(first, 0) / PAGE_ROWS);
  const to = Math.floor(Math.max(last, 0) / PAGE_ROWS);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
