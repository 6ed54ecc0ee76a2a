import type { LookupAddress } from 'node:dns';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeError, VirtualClock } from '../../../../core/index.ts';
import { answerWith, eventually, Receiver } from '../../../testing/receiver.ts';
import { addressClass } from './addresses.ts';
import { ANSWER_BYTES_MAX, createOutbound, DEADLINE_MS, type Outbound } from './post.ts';
import type { ResolveName } from './resolve.ts';

let receiver: Receiver;
let clock: VirtualClock;
let outbound: Outbound;

beforeEach(async () => {
  receiver = await Receiver.open();
  clock = new VirtualClock(1_000_000);
  outbound = createOutbound({ clock, userAgent: 'saker/test' });
});

afterEach(async () => {
  outbound.close();
  await receiver.close();
});

const post = (url: string, allowInternal = true, through = outbound) =>
  through.send({
    url,
    method: 'POST',
    allowInternal,
    headers: { 'Content-Type': 'application/json' },
    body: '{"a":"ü"}',
    wantsBody: false,
  });

/** What a post fails with, or its status. */
const outcome = (url: string, allowInternal = true, through = outbound): Promise<string> =>
  post(url, allowInternal, through).then(({ status }) => String(status), describeError);

describe('a post', () => {
  test('brings the body, and takes the status as the answer', async () => {
    expect(await outcome(receiver.url)).toBe('200');
    expect(receiver.received[0]).toMatchObject({ path: '/hook', body: { a: 'ü' } });
    expect(receiver.received[0]?.headers).toMatchObject({ 'user-agent': 'saker/test', 'content-length': '10' });
  });

  test.each([301, 302, 303, 307, 308])('does not follow a %i', async (status) => {
    const trap = await Receiver.open();
    receiver.answer = answerWith(status, { Location: trap.url });
    expect(await outcome(receiver.url)).toBe(String(status));
    expect(trap.received).toEqual([]);
    await trap.close();
  });

  test('gives up a receiver that says nothing, ten seconds after it began', async () => {
    receiver.answer = () => {};
    let result = '';
    const done = outcome(receiver.url).then((text) => {
      result = text;
    });
    await receiver.got(1);
    await clock.advance(DEADLINE_MS - 1);
    expect(result).toBe('');
    await clock.advance(1);
    await done;
    expect(result).toBe(`127.0.0.1:${receiver.port} did not answer within 10 s`);
  });

  test('has its status from a receiver that drips its body, and hangs up on it at the deadline', async () => {
    let isHungUp = false;
    receiver.answer = (response) => {
      response.writeHead(200).write('drip');
      response.on('close', () => {
        isHungUp = true;
      });
    };
    expect(await outcome(receiver.url)).toBe('200');
    expect(isHungUp).toBe(false);
    await clock.advance(DEADLINE_MS);
    await eventually(() => isHungUp);
  });

  test('hangs up on a body that does not end', async () => {
    let written = 0;
    let isHungUp = false;
    receiver.answer = (response) => {
      const chunk = Buffer.alloc(16 * 1024);
      const pour = () => {
        if (isHungUp) return;
        written += chunk.length;
        response.write(chunk, () => setImmediate(pour));
      };
      response.on('close', () => {
        isHungUp = true;
      });
      response.writeHead(200);
      pour();
    };
    expect(await outcome(receiver.url)).toBe('200');
    await eventually(() => isHungUp);
    // What the system's buffers hold comes on top.
    expect(written).toBeLessThan(ANSWER_BYTES_MAX + 8 * 1024 * 1024);
  });

  test('names a receiver that is not there, or hangs up, and not the URL, which may hold a secret', async () => {
    const port = receiver.port;
    receiver.answer = (response) => response.destroy();
    expect(await outcome(`http://127.0.0.1:${port}/token-in-path`)).toBe(
      `127.0.0.1:${port} closed the connection without an answer`,
    );
    await receiver.close();
    expect(await outcome(`http://127.0.0.1:${port}/token-in-path`)).toBe(`127.0.0.1:${port} refused the connection`);
    receiver = await Receiver.open();
  });

  test('ends when the server stops', async () => {
    receiver.answer = () => {};
    const pending = outcome(receiver.url);
    await receiver.got(1);
    outbound.close();
    expect(await pending).toBe('the server is stopping');
    expect(await outcome(receiver.url)).toBe('the server is stopping');
  });
});

/** Every way to write an address that is not for strangers, as a URL's host. */
const internalHosts = [
  ...['127.0.0.1', '127.1', '127.255.255.254', '0x7f000001', '0x7f.1', '2130706433', '017700000001', '0177.0.0.1'],
  ...['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '100.127.255.255'],
  ...['[::1]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::ffff:10.0.0.1]', '[fc00::1]'],
  ...['[fd12:3456::1]', '[::ffff:192.168.0.1]', '127.0.0.1.', '１２７.0.0.1', '127。0。0。1'],
];
const neverHosts = [
  ...['0.0.0.0', '0', '0.1.2.3', '169.254.169.254', '0xa9fea9fe', '2852039166', '192.0.0.1', '192.0.2.1', '198.18.0.1'],
  ...['198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '[::]', '[fe80::1]', '[febf::1]'],
  ...[
    '[ff02::1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
    '[::ffff:0.0.0.0]',
  ],
  ...[
    '[::ffff:169.254.169.254]',
    '[2001:db8::1]',
    '[::127.0.0.1]',
    '[::7f00:2]',
    '[fec0::1]',
    '[100::1]',
    '[64:ff9b:1::1]',
  ],
];

describe('an address', () => {
  test.each(internalHosts)('%s is refused unless the channel allows internal ones', async (host) => {
    expect(await outcome(`http://${host}:1/`, false)).toContain('internal address');
  });

  test.each(neverHosts)('%s is refused whatever the channel allows', async (host) => {
    expect(await outcome(`http://${host}:1/`, true)).toContain('no message may go to');
  });

  test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '11.0.0.1', '[2606:4700::1111]'])('%s is public', (host) => {
    expect(addressClass(host)).toBe('public');
  });
});

describe('a name', () => {
  const resolvingTo = (...answers: readonly (readonly string[])[]): { outbound: Outbound; asked: () => number } => {
    let asked = 0;
    const resolveName: ResolveName = (_, done) => {
      const addresses = answers[Math.min(asked++, answers.length - 1)] ?? [];
      done(
        null,
        addresses.map((address): LookupAddress => ({ address, family: net.isIP(address) })),
      );
    };
    return { outbound: createOutbound({ clock, userAgent: 'saker/test', resolveName }), asked: () => asked };
  };

  test('that resolves to an internal address is refused before a connection is made', async () => {
    const { outbound: guarded } = resolvingTo(['127.0.0.1']);
    const result = await outcome(`http://hooks.example.org:${receiver.port}/`, false, guarded);
    expect(result).toBe(
      `hooks.example.org:${receiver.port} is at an internal address, and the channel does not allow that. ` +
        'add "allow_internal: true" to the channel if it is meant',
    );
    expect(receiver.received).toEqual([]);
  });

  test('of which one address of several is internal is refused', async () => {
    const { outbound: guarded } = resolvingTo(['93.184.216.34', '::ffff:10.0.0.1']);
    expect(await outcome('http://hooks.example.org:1/', false, guarded)).toContain('internal address');
  });

  test('that is public when first asked and internal the next time gains nothing: it is asked once', async () => {
    const { outbound: guarded, asked } = resolvingTo(['255.255.255.255'], ['127.0.0.1']);
    await outcome(`http://hooks.example.org:${receiver.port}/`, true, guarded);
    expect(asked()).toBe(1);
    expect(receiver.received).toEqual([]);
  });

  test('that is allowed is connected to where it was checked to be', async () => {
    const { outbound: guarded, asked } = resolvingTo(['127.0.0.1'], ['10.0.0.1']);
    expect(await outcome(`http://hooks.example.org:${receiver.port}/`, true, guarded)).toBe('200');
    expect(asked()).toBe(1);
    expect(receiver.received[0]?.headers.host).toBe(`hooks.example.org:${receiver.port}`);
  });

  test('localhost is internal in all its spellings', async () => {
    for (const name of ['localhost', 'LOCALHOST', 'localhost.']) {
      expect(await outcome(`http://${name}:${receiver.port}/`, false)).toMatch(/internal address|can not be resolved/);
    }
    expect(receiver.received).toEqual([]);
  });

  test('that does not resolve says so', async () => {
    const { outbound: guarded } = resolvingTo([]);
    expect(await outcome('http://hooks.example.org:1/', true, guarded)).toContain('can not be reached');
  });
});
