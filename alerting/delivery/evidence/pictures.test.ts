import { expect, test } from 'vitest';
import { type AlertEvent, second, VirtualClock } from '../../../core/index.ts';
import { chartOption } from './chart.ts';
import { Pictures } from './pictures.ts';

const AT = 1_700_000_000;

const event: AlertEvent = {
  key: 'k',
  id: 'i',
  rule: 'high',
  priority: 1,
  note: '',
  status: 'PROBLEM',
  endpoint: 'node1/<web>',
  tags: { core: '3' },
  condition: { metric: 'cpu.busy', tags: {}, func: 'all(#3)', operator: '>', rightValue: 80 },
  leftValue: 93,
  currentStep: 1,
  eventTimeMs: AT * 1000,
  sinceMs: AT * 1000,
  reason: '',
  points: [
    [AT - 2, 70],
    [AT - 1, 90],
    [AT, 93],
  ],
};

const clock = new VirtualClock((AT + 3600) * 1000);

test('a picture is an SVG with the series, its threshold and the moment, and names are no markup in it', async () => {
  const { type, bytes } = await new Pictures(clock, undefined).draw(event, 'svg');
  const svg = Buffer.from(bytes).toString('utf8');
  expect(type).toBe('image/svg+xml');
  expect(svg).toMatch(/^<svg /);
  expect(svg).toContain('cpu.busy{core=3} on node1/&lt;web&gt;');
  expect(svg).toContain('#0072b2');
  expect(svg).toContain('stroke-dasharray');
});

test('a picture as PNG has 1,200 × 480 dots and letters in it', async () => {
  const pictures = new Pictures(clock, undefined);
  const { type, bytes } = await pictures.draw(event, 'png');
  const header = Buffer.from(bytes);
  expect(type).toBe('image/png');
  expect(header.subarray(1, 4).toString()).toBe('PNG');
  expect([header.readUInt32BE(16), header.readUInt32BE(20)]).toEqual([1200, 480]);
  // Without its title the picture is smaller: the letters are drawn.
  const blank = await pictures.draw(
    { ...event, key: 'other', endpoint: ' ', tags: {}, condition: { ...event.condition, metric: 'm' } },
    'png',
  );
  expect(bytes.length).toBeGreaterThan(blank.bytes.length + 500);
});

test('memory is asked for ten minutes before the event and one after', async () => {
  const asked: unknown[] = [];
  const lastPoints = (...parameters: unknown[]) => {
    asked.push(parameters);
    return [
      { second: second(AT - 700), value: 1 },
      { second: second(AT - 5), value: 50 },
    ];
  };
  await new Pictures(clock, lastPoints).draw(event, 'svg');
  expect(asked).toEqual([[{ endpoint: 'node1/<web>', metric: 'cpu.busy', tags: { core: '3' } }, 660, AT + 60]]);
});

test('a silence in the samples is a gap in the line', () => {
  const points = [1, 2, 3, 60, 61].map((at) => ({ second: AT + at, value: at }));
  const [series] = chartOption(event, points).series;
  expect(series?.data.filter(([, value]) => value === null)).toEqual([[(AT + 60) * 1000 - 1, null]]);
});

test('what many ask for at once is refused, and what is drawn is kept', async () => {
  const pictures = new Pictures(clock, undefined);
  const asked = ['a', 'b', 'c'].map((key) => pictures.draw({ ...event, key }, 'svg').then(() => 'drawn', String));
  expect((await Promise.all(asked)).filter((outcome) => outcome === 'drawn')).toHaveLength(2);
  expect(await pictures.draw({ ...event, key: 'a' }, 'svg')).toBe(await pictures.draw({ ...event, key: 'a' }, 'svg'));
});
