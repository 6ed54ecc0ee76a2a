import type { TestDocker } from '../../docker/engine.ts';
import { instancesOf, type Receiver, startLoad, untilInstances } from '../../harness/acting.ts';
import { until } from '../../harness/waiting.ts';
import { type Figures, median } from '../figures.ts';

export type ActionMeasurement = {
  readonly docker: TestDocker;
  readonly groups: readonly string[];
  readonly receiver: Receiver;
  readonly figures: Figures;
};

/**
 * One group after the other gets load in its only instance. Alert: from the third breaching second,
 * which the event names, until the webhook's request is there. Scaling: from the start of the load
 * until the added container runs, by the engine's own time stamp.
 */
export async function measureActions({ docker, groups, receiver, figures }: ActionMeasurement): Promise<void> {
  const alertMs: number[] = [];
  const scaleSeconds: number[] = [];
  for (const group of groups) {
    const [instance] = await instancesOf(docker, group);
    const loadAtMs = Date.now();
    await startLoad(docker, instance?.id ?? '', 20);
    const [added] = await untilInstances(docker, group, 2);
    scaleSeconds.push(((added?.startedAtMs ?? Number.NaN) - loadAtMs) / 1000);
    const problem = await until('the webhook', () =>
      receiver.received.find(({ body }) => body.status === 'PROBLEM' && body.endpoint.startsWith(group)),
    );
    alertMs.push(problem.atMs - problem.body.eventTimeMs);
  }
  figures.emit('spine.alert_p50_ms', median(alertMs), 'ms');
  figures.emit('spine.alert_max_ms', Math.max(...alertMs), 'ms');
  figures.emit('spine.scale_p50_s', median(scaleSeconds), 's');
  figures.emit('spine.scale_max_s', Math.max(...scaleSeconds), 's');
}
