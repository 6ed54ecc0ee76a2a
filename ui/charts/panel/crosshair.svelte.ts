/** The moment that the pointer is at, shared by all charts of a page. */
export class Crosshair {
  /** Start of a bucket, or null while nobody points. */
  atMs = $state<number | null>(null);
  /** Which chart the pointer is in: that one shows the table of values beside it. */
  panel = $state<string | null>(null);

  point(panel: string, atMs: number): void {
    this.panel = panel;
    this.atMs = atMs;
  }

  readonly leave = (): void => {
    this.panel = null;
    this.atMs = null;
  };
}
