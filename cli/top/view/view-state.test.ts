import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keysOf } from './keys.ts';
import { firstState, press, type ViewState } from './view-state.ts';

const extent = { rowCount: 50, pageSize: 20, helpLineCount: 30 };

function pressAll(keys: readonly string[], from: ViewState = firstState): ViewState | 'quit' {
  return keys.reduce<ViewState | 'quit'>((state, key) => (state === 'quit' ? state : press(state, key, extent)), from);
}

describe('a key', () => {
  test('sorts by the column beside, and the other way round', () => {
    expect(pressAll(['>'])).toMatchObject({ sort: 'cores', isDescending: true });
    expect(pressAll(['<'])).toMatchObject({ sort: 'name', isDescending: false });
    expect(pressAll(['<', '<', 'left'])).toMatchObject({ sort: 'name' });
    expect(pressAll(['m', 'r'])).toMatchObject({ sort: 'mem', isDescending: false });
  });

  test('is text while a filter is typed, q and all', () => {
    const typed = pressAll(['/', 'q', '?', 'x', 'backspace', 'up']);
    expect(typed).toMatchObject({ filter: 'q?', isTyping: true, isHelp: false });
    expect(pressAll(['/', 'w', 'enter', 'q'])).toBe('quit');
    expect(pressAll(['/', 'w', 'escape'])).toMatchObject({ filter: '', isTyping: false });
  });

  test('scrolls no further than the rows go', () => {
    expect(pressAll(['end', 'down'])).toMatchObject({ top: 30 });
    expect(pressAll(['page-down', 'up', 'home', 'up'])).toMatchObject({ top: 0 });
  });

  test('opens the help, scrolls it and leaves it without leaving the program', () => {
    expect(pressAll(['?', 'page-down', 'down'])).toMatchObject({ isHelp: true, helpTop: 10, top: 0 });
    expect(pressAll(['?', 'q'])).toMatchObject({ isHelp: false, helpTop: 0 });
    expect(pressAll(['?', 'ctrl-c'])).toBe('quit');
  });

  test('chooses views, kinds and units in turn', () => {
    expect(pressAll(['tab', 'tab', 'h', 'u', ' '])).toMatchObject({
      view: 'memory',
      kind: 'hosts',
      units: 'si',
      isPaused: true,
    });
    expect(pressAll(['p', 'p', '4'])).toMatchObject({ view: 'io' });
  });

  test('never leads out of the lists, whatever comes', () => {
    const key = fc.oneof(fc.constantFrom('up', 'end', '>', '<', 'tab', '/', 'escape', 'h', 'r', '?'), fc.string());
    fc.assert(
      fc.property(fc.array(key, { maxLength: 40 }), (keys) => {
        const state = pressAll(keys);
        if (state === 'quit') return;
        expect(state.top).toBeGreaterThanOrEqual(0);
        expect(state.top).toBeLessThanOrEqual(30);
        expect(state.filter.length).toBeLessThanOrEqual(100);
      }),
    );
  });
});

describe('input of a terminal', () => {
  test('is cut into keys, sequences whole', () => {
    expect(keysOf('\u001b[Aq\u001bOB\u001b[5~数\r\t')).toEqual(['up', 'q', 'down', 'page-up', '数', 'enter', 'tab']);
  });

  test('loses sequences that stand for nothing, instead of typing them', () => {
    expect(keysOf('\u001b[200~\u001b[<0;10;5M\u0001x')).toEqual(['x']);
    expect(keysOf('\u001b')).toEqual(['escape']);
  });
});
