import { expect, test } from 'vitest';
import type { MonitorState, MonitorsAnswer } from '../../../core/api/index.ts';
import { monitorRows } from './monitor-rows.ts';

const state = (name: string, word: MonitorState['state']): MonitorState => {
  return { name, type: 'port', origin: 'file', state: word, error: null, checkedAtMs: null, series: 1 };
};
const answer: MonitorsAnswer = {
  file: 'm.yaml',
  error: null,
  declared: [],
  refused: [],
  collectors: [
    { name: 'web-2', connected: true, fileError: null, monitors: [state('b', 'ok'), state('a', 'ok')] },
    { name: 'web-1', connected: true, fileError: null, monitors: [state('a', 'ok'), state('z', 'failing')] },
  ],
};

test('what fails comes first, then names, each with its hosts', () => {
  expect(monitorRows(answer).map(({ host, state: { name } }) => `${name}@${host}`)).toEqual([
    'z@web-1',
    'a@web-1',
    'a@web-2',
    'b@web-2',
  ]);
  expect(monitorRows(null)).toEqual([]);
});
