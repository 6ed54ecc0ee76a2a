/**
 * The `limit` largest of many numbers, with a mark each: a heap whose root is the smallest that is
 * kept, so that almost every candidate costs one comparison with `threshold`.
 */
export class Ranking {
  /** What a candidate has to exceed. */
  threshold = Number.NEGATIVE_INFINITY;
  readonly #limit: number;
  readonly #values: number[] = [];
  readonly #marks: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a candidate, unless it is too small: what does not exceed the threshold need not be told. */
  add(value: number, mark: number): void {
    const size = this.#values.length;
    if (size < this.#limit) this.#siftUp(size, value, mark);
    else if (value > this.threshold) this.#siftDown(value, mark);
    if (this.#values.length === this.#limit) this.threshold = this.#values[0] as number;
  }

  /** Marks of what is kept, the largest first. */
  marks(): number[] {
    return this.#marks
      .map((mark, at) => ({ mark, value: this.#values[at] as number }))
      .sort((a, b) => b.value - a.value)
      .map(({ mark }) => mark);
  }

  #siftUp(from: number, value: number, mark: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#values[parent] as number) <= value) break;
      this.#place(at, this.#values[parent] as number, this.#marks[parent] as number);
      at = parent;
    }
    this.#place(at, value, mark);
  }

  /** Puts a candidate in the place of the smallest. */
  #siftDown(value: number, mark: number): void {
    const size = this.#values.length;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      const other = child + 1;
      if (other < size && (this.#values[other] as number) < (this.#values[child] as number)) child = other;
      if ((this.#values[child] as number) >= value) break;
      this.#place(at, this.#values[child] as number, this.#marks[child] as number);
      at = child;
    }
    this.#place(at, value, mark);
  }

  #place(at: number, value: number, mark: number): void {
    this.#values[at] = value;
    this.#marks[at] = mark;
  }
}
