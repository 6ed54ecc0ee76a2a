import { expect, test } from 'vitest';
import { parseItems } from './script-items.ts';

test('items are read as Open-Falcon writes them', () => {
  const text = `[
    {"metric":"a.b","value":1.5,"tags":"x=1,y=2","endpoint":"h","step":60,"timestamp":1,"counterType":"GAUGE"},
    {"metric":"c","value":"7","counterType":"COUNTER","tags":{"z":"3"}}
  ]`;
  expect(parseItems(text)).toEqual({
    items: [
      { metric: 'a.b', tags: { x: '1', y: '2' }, value: 1.5, isCounter: false },
      { metric: 'c', tags: { z: '3' }, value: 7, isCounter: true },
    ],
    refused: 0,
    problem: null,
  });
  expect(parseItems(' \n')).toEqual({ items: [], refused: 0, problem: null });
});

const faults: [string, string][] = [
  ['hello', 'its output is no JSON; it begins with "hello", and should be [{"metric": …, "value": …}]'],
  ['{"metric":"a"}', 'its output is JSON, but no array; write [{"metric": …, "value": …}]'],
  [JSON.stringify(Array(501).fill({})), 'its output has 501 items; 500 at most'],
  ['[7]', 'item 0: is no object'],
  ['[{"value":1}]', 'item 0: metric is undefined; write letters, digits and _ . : - (at most 128)'],
  ['[{"metric":"a b","value":1}]', 'item 0: metric is "a b"; write letters, digits and _ . : - (at most 128)'],
  [
    '[{"metric":"cpu.busy","value":1}]',
    'item 0: cpu.busy is a metric that Saker measures itself; give yours another name',
  ],
  ['[{"metric":"a","value":"many"}]', 'item 0: the value of a is "many", not a number'],
  ['[{"metric":"a","value":null}]', 'item 0: the value of a is null, not a number'],
  ['[{"metric":"a","value":1,"counterType":"gauge"}]', 'item 0: counterType of a is "gauge"; write GAUGE or COUNTER'],
  ['[{"metric":"a","value":1,"tags":"x y=1"}]', 'item 0: a: "x y" is no name of a tag'],
  ['[{"metric":"a","value":1,"tags":[]}]', 'item 0: a: tags are neither "k=v,k=v" nor an object'],
];
test.each(faults)('%s is refused with words', (text, problem) => {
  expect(parseItems(text).problem).toBe(problem);
});

test('an item at fault costs that item', () => {
  const { items, refused } = parseItems(
    '[{"metric":"a","value":1},{"metric":"b","value":"x"},{"metric":"c","value":2}]',
  );
  expect([items.map(({ metric }) => metric), refused]).toEqual([['a', 'c'], 1]);
});
