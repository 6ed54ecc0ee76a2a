/**
 * The kernel's load average (kernel/sched/loadavg.c, include/linux/sched/loadavg.h), over the tasks
 * of one container: every five seconds, the number of tasks that run, want to run or wait
 * uninterruptibly goes into three sums that forget by a factor, in fixed point with 11 bits.
 *
 *     load = (load × e + active × (1 − e)), rounded up while it rises
 */
const FIXED_SHIFT = 11;
const FIXED_ONE = 1 << FIXED_SHIFT;

/** 1/exp(5 s / 1 min), … / 5 min, … / 15 min, as the kernel has them. */
const FACTORS = [1884, 2014, 2037] as const;

/** The kernel's step. It takes one jiffy more, which nobody can see. */
export const LOAD_STEP_MS = 5000;

/** After a pause of an hour nothing is left of what was before. */
const STEPS_MAX = 720;

export class LoadAverage {
  readonly #loads: number[] = FACTORS.map(() => 0);

  /** `steps` intervals of five seconds have passed, in which `active` tasks were counted. */
  advance(active: number, steps = 1): void {
    const activeFixed = Math.round(active * FIXED_ONE);
    for (let step = 0; step < Math.min(steps, STEPS_MAX); step++) {
      for (const [index, factor] of FACTORS.entries()) {
        this.#loads[index] = nextLoad(this.#loads[index] as number, factor, activeFixed);
      }
    }
  }

  /** The averages over 1, 5 and 15 minutes, as /proc/loadavg would print them: two decimals. */
  get averages(): readonly number[] {
    // The kernel adds half a hundredth before it cuts (FIXED_1/200 in loadavg_proc_show).
    return this.#loads.map((load) => Math.floor(((load + Math.floor(FIXED_ONE / 200)) * 100) / FIXED_ONE) / 100);
  }
}

/** `calc_load` of the kernel. */
function nextLoad(load: number, factor: number, active: number): number {
  let next = load * factor + active * (FIXED_ONE - factor);
  if (active >= load) next += FIXED_ONE - 1;
  return Math.floor(next / FIXED_ONE);
}
