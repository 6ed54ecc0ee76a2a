import { test } from 'vitest';
import { VirtualClock } from '../../core/index.ts';
import { conformanceCases } from './conformance.ts';
import { FakeDriver } from './fake-driver.ts';

test.each(conformanceCases)('the fake driver: $name', async ({ run }) => {
  const driver = new FakeDriver(new VirtualClock(1_000_000), ['image']);
  await run({ driver, image: 'image', command: ['sleep', '60'], prefix: 'case' });
});
