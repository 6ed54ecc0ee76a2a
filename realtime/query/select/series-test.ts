import { AppError, type Endpoint, type Selection, type Tags } from '../../../core/index.ts';
import { type LabelTest, labelTest } from './label-test.ts';

/** Labels that every series has, whatever its tags are called. */
const FIXED_LABELS = ['metric', 'endpoint', 'host', 'kind'] as const;

/** A name of a series that is not picked on any endpoint. */
export const REFUSED_NAME = 0;

/** An endpoint of which no series is picked. */
export const REFUSED_ENDPOINT = -1;

type Deferred = { readonly label: string; readonly test: LabelTest };

/** A label of a series; see `matcherSchema` for which of several counts. Empty when it has none. */
export function labelOf(label: string, { metric, tags }: { metric: string; tags: Tags }, endpoint: Endpoint): string {
  if (label === 'metric') return metric;
  if (label === 'endpoint') return endpoint.name;
  if (label === 'host' || label === 'kind') return endpoint[label];
  if (Object.hasOwn(tags, label)) return tags[label] ?? '';
  return Object.hasOwn(endpoint.labels, label) ? (endpoint.labels[label] ?? '') : '';
}

/**
 * A selection, compiled. A fleet has few names of series and few endpoints beside its many series,
 * so each is judged once, and a series is picked by comparing the two verdicts: a name tells which
 * labels it leaves to the endpoint, an endpoint which of them pass.
 */
export class SeriesTest {
  readonly endpointNames: ReadonlySet<string> | null;
  readonly metricNames: ReadonlySet<string> | null;
  readonly #tags: Tags;
  readonly #ofMetric: readonly LabelTest[];
  readonly #ofEndpoint: readonly { readonly label: 'endpoint' | 'host' | 'kind'; readonly test: LabelTest }[];
  /** Tests of labels that may be tags, or the endpoint's; bit `i` of a verdict is about the i-th. */
  readonly #ofEither: readonly Deferred[];

  /** Throws `BAD_REQUEST` for a selection that names nothing, or a pattern that is none. */
  constructor({ endpoints, metrics, tags = {}, matchers = [] }: Selection) {
    if (endpoints === undefined && metrics === undefined && matchers.length === 0) {
      throw new AppError('BAD_REQUEST', 'the selection names nothing', {
        where: 'select',
        hint: 'name metrics, endpoints or matchers; {"label":"metric","op":"=~","value":".+"} picks all series',
      });
    }
    const tests = matchers.map((matcher, at) => ({
      label: matcher.label,
      test: labelTest(matcher, `select/matchers/${at}/value`),
      only: matcher.op === '=' ? matcher.value : null,
    }));
    const only = tests.find(({ label, only }) => label === 'metric' && only !== null)?.only;
    this.metricNames = metrics === undefined ? (only ? new Set([only]) : null) : new Set(metrics);
    this.endpointNames = endpoints === undefined ? null : new Set(endpoints);
    this.#tags = tags;
    this.#ofMetric = tests.filter(({ label }) => label === 'metric').map(({ test }) => test);
    this.#ofEndpoint = tests.flatMap(({ label, test }) =>
      label === 'endpoint' || label === 'host' || label === 'kind' ? [{ label, test }] : [],
    );
    this.#ofEither = tests.filter(({ label }) => !FIXED_LABELS.some((fixed) => fixed === label));
  }

  takesMetric(metric: string): boolean {
    return (this.metricNames?.has(metric) ?? true) && this.#ofMetric.every((test) => test(metric));
  }

  /** `REFUSED_NAME`, or which tests are left to the endpoint: bit `i + 1` for the i-th, bit 0 always. */
  nameVerdict(tags: Tags): number {
    for (const key in this.#tags) if (tags[key] !== this.#tags[key]) return REFUSED_NAME;
    let verdict = 1;
    for (let at = 0; at < this.#ofEither.length; at++) {
      const { label, test } = this.#ofEither[at] as Deferred;
      if (!Object.hasOwn(tags, label)) verdict |= 2 << at;
      else if (!test(tags[label] ?? '')) return REFUSED_NAME;
    }
    return verdict;
  }

  /** `REFUSED_ENDPOINT`, or a name's verdict with those bits that this endpoint does not pass. */
  endpointVerdict(endpoint: Endpoint): number {
    if (this.endpointNames !== null && !this.endpointNames.has(endpoint.name)) return REFUSED_ENDPOINT;
    for (const { label, test } of this.#ofEndpoint) {
      if (!test(label === 'endpoint' ? endpoint.name : endpoint[label])) return REFUSED_ENDPOINT;
    }
    let failing = 0;
    this.#ofEither.forEach(({ label, test }, at) => {
      if (!test(Object.hasOwn(endpoint.labels, label) ? (endpoint.labels[label] ?? '') : '')) failing |= 2 << at;
    });
    return failing;
  }

  /** Whether one series is picked. */
  takes({ metric, tags }: { readonly metric: string; readonly tags: Tags }, endpoint: Endpoint): boolean {
    if (!this.takesMetric(metric)) return false;
    const [name, failing] = [this.nameVerdict(tags), this.endpointVerdict(endpoint)];
    return name !== REFUSED_NAME && failing !== REFUSED_ENDPOINT && (name & failing) === 0;
  }
}
