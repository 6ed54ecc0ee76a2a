export type TimeWords = {
  readonly day: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
  readonly justNow: string;
  readonly ago: (duration: string) => string;
};

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The two largest parts: `12 s`, `3 m 12 s`, `2 h 5 m`, `3 d 4 h`. Negative durations are clocks that differ: 0. */
export function formatDuration(durationMs: number, words: TimeWords): string {
  const ms = Math.max(0, durationMs);
  const parts = (large: number, largeWord: string, small: number, smallWord: string): string => {
    const rest = Math.floor((ms % large) / small);
    return `${Math.floor(ms / large)}${largeWord}${rest === 0 ? '' : ` ${rest}${smallWord}`}`;
  };
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}${words.second}`;
  if (ms < HOUR) return parts(MINUTE, words.minute, SECOND, words.second);
  if (ms < DAY) return parts(HOUR, words.hour, MINUTE, words.minute);
  return parts(DAY, words.day, HOUR, words.hour);
}

export function formatAge(ageMs: number, words: TimeWords): string {
  return ageMs < 2 * SECOND ? words.justNow : words.ago(formatDuration(ageMs, words));
}

/** `00:42`, and with hours `1:02:03`: a pause that is counted up. */
export function formatStopwatch(durationMs: number): string {
  const seconds = Math.floor(Math.max(0, durationMs) / SECOND);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}:` : ''}${two(minutes)}:${two(seconds % 60)}`;
}

/** Time of day in the reader's zone, with the date when it is another day than `nowMs`. */
export function formatTime(atMs: number, nowMs: number, language: string): string {
  const at = new Date(atMs);
  const sameDay = at.toDateString() === new Date(nowMs).toDateString();
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  const date = sameDay ? {} : ({ month: 'short', day: 'numeric' } as const);
  return formatter(language, { ...date, ...time }).format(at);
}

/** Everything, with the zone: what stands in a tooltip of a short time. */
export function formatFullTime(atMs: number, language: string): string {
  const options = { dateStyle: 'medium', timeStyle: 'long', hourCycle: 'h23' } as const;
  return formatter(language, options).format(new Date(atMs));
}

/** Labels of a time axis: as much as neighbouring ticks need to differ. */
export function formatAxisTime(atMs: number, windowSeconds: number, language: string): string {
  const at = new Date(atMs);
  if (windowSeconds > 2 * (DAY / SECOND)) {
    return formatter(language, { month: 'short', day: 'numeric' }).format(at);
  }
  const seconds = windowSeconds <= 15 * 60 ? ({ second: '2-digit' } as const) : {};
  return formatter(language, { hour: '2-digit', minute: '2-digit', ...seconds, hourCycle: 'h23' }).format(at);
}

const FORMATTERS_MAX = 64;
const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making a formatter costs a hundred times as much as using one. */
function formatter(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${JSON.stringify(options)}`;
  const found = formatters.get(key);
  if (found) return found;
  if (formatters.size >= FORMATTERS_MAX) formatters.clear();
  const made = new Intl.DateTimeFormat(language, options);
  formatters.set(key, made);
  return made;
}
