/** Each kind of channel against a real HTTP server that behaves as the receiver does, at its best and at its worst. */
import http from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AlertEvent, systemClock, VirtualClock } from '../../../core/index.ts';
import { checkRules } from '../../rules/read/check.ts';
import type { SendResult } from './channel.ts';
import { type Channel, createMailer, createOutbound, type Message, type Outbound } from './index.ts';

type Request = {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
};
type Answer = (response: http.ServerResponse) => void;

let requests: Request[];
let answer: Answer;
let server: http.Server;
let outbound: Outbound;
let base: string;
const clock = new VirtualClock(1_700_000_000_000);

beforeEach(async () => {
  requests = [];
  answer = (response) => response.end('{"errcode":0,"code":0,"ok":true}');
  server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      requests.push({ method, path, headers, body: Buffer.concat(chunks).toString('utf8') });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  outbound = createOutbound({ clock, userAgent: 'saker/test' });
});

afterEach(async () => {
  outbound.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const event: AlertEvent = {
  key: 's_high_1_1700000002_PROBLEM_1',
  id: 's_high_1',
  rule: 'cpu high',
  priority: 1,
  note: 'CPU of <@all> is [high](http://evil.example)',
  status: 'PROBLEM',
  endpoint: 'node1/web.1',
  tags: { core: '3', az: 'a' },
  condition: { metric: 'cpu.busy', tags: {}, func: 'all(#3)', operator: '>', rightValue: 80 },
  leftValue: 93.2,
  currentStep: 2,
  eventTimeMs: 1_700_000_002_000,
  sinceMs: 1_700_000_000_000,
  reason: 'because',
};

function message(change: Partial<Message> = {}): Message {
  return {
    key: event.key,
    kind: 'event',
    status: 'PROBLEM',
    priority: 1,
    title: '[P1][PROBLEM] cpu high',
    lines: ['node1/web.1', event.note],
    text: `[P1][PROBLEM] cpu high | node1/web.1 | ${event.note}`,
    url: 'https://saker.example.org/endpoint/node1',
    links: [{ label: 'acknowledge', url: 'https://saker.example.org/act/a.b' }],
    events: [event],
    count: 1,
    recipients: [],
    createdAtMs: 1_700_000_002_000,
    ...change,
  };
}

function channel(fields: string): Channel {
  const text = `channels:\n  - { name: c, allow_internal: true, ${fields.replaceAll('BASE', base)} }\n`;
  const checked = checkRules(text, 'r.yaml');
  const [found] = checked.kind === 'valid' ? checked.channels : [];
  if (found === undefined) throw new Error(JSON.stringify(checked));
  return found;
}

function send(fields: string, sent = message(), fromPart = 0): Promise<SendResult> {
  const tools = { outbound, mailer: createMailer(), clock, picture: async () => null, spend: async () => {} };
  return channel(fields).transport.send(sent, tools, fromPart);
}

const bodyOf = (index = 0): Record<string, unknown> => JSON.parse(requests[index]?.body ?? 'null');
const formOf = (index = 0): Record<string, string> => Object.fromEntries(new URLSearchParams(requests[index]?.body));

describe('DingTalk', () => {
  const robot = 'type: dingtalk, url: "BASE/robot/send?access_token=T", secret: SECtest, at: ["13800000001"]';

  test('is sent signed Markdown in which names can not become links or mentions', async () => {
    expect(await send(robot)).toEqual({ kind: 'delivered' });
    expect(requests[0]?.path).toBe(
      '/robot/send?access_token=T&timestamp=1700000000000&sign=aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g%3D',
    );
    expect(bodyOf()).toEqual({
      msgtype: 'markdown',
      markdown: {
        title: '[P1][PROBLEM] cpu high',
        text:
          '**[P1][PROBLEM] cpu high**\n\nnode1/web.1  \nCPU of &lt;@all> is [high] (http://evil.example)  \n' +
          '[open](https://saker.example.org/endpoint/node1) · [acknowledge](https://saker.example.org/act/a.b)\n\n@13800000001',
      },
      at: { atMobiles: ['13800000001'], isAtAll: false },
    });
  });

  test.each([
    [310000, 'refused'],
    [130101, 'retry'],
    [-1, 'retry'],
    [4711, 'retry'],
  ] as const)('that answers 200 with error code %i was not delivered to (%s)', async (code, kind) => {
    answer = (response) => response.end(JSON.stringify({ errcode: code, errmsg: 'words that may hold anything' }));
    const result = await send(robot);
    expect(result).toMatchObject({ kind, partsSent: 0 });
    expect(JSON.stringify(result)).toContain(String(code));
    expect(JSON.stringify(result)).not.toMatch(/words|access_token/);
  });

  test('is sent long messages in numbered parts, and only those that have not arrived', async () => {
    const long = message({
      lines: Array.from({ length: 900 }, (_, index) => `告警 number ${index} ${'x'.repeat(40)}`),
    });
    answer = (response) => response.end(JSON.stringify({ errcode: requests.length === 2 ? -1 : 0 }));
    expect(await send(robot, long)).toMatchObject({ kind: 'retry', partsSent: 1 });
    answer = (response) => response.end('{"errcode":0}');
    expect(await send(robot, long, 1)).toEqual({ kind: 'delivered' });
    const texts = requests.map((_, index) => Object(bodyOf(index).markdown).text as string);
    expect(Math.max(...texts.map((text) => Buffer.byteLength(text)))).toBeLessThan(20_000);
    expect(texts[0]).toMatch(/^\(1\/\d\) /);
    expect(texts[1]).toBe(texts[2]);
  });
});

describe('WeCom', () => {
  const robot = 'type: wecom, url: "BASE/cgi-bin/webhook/send?key=K", mention: [ann]';

  test('is sent Markdown of at most 4,096 bytes a part', async () => {
    const long = message({ lines: Array.from({ length: 200 }, (_, index) => `报警 ${index} ${'值'.repeat(40)}`) });
    expect(await send(robot, long)).toEqual({ kind: 'delivered' });
    for (const index of requests.keys()) {
      const content = String(Object(bodyOf(index).markdown).content);
      expect(Buffer.byteLength(content)).toBeLessThanOrEqual(4096);
    }
    expect(requests).toHaveLength(5);
    expect(String(Object(bodyOf(4).markdown).content)).toMatch(/… \d+ more lines$/);
  });

  test('mentions people by id in Markdown, and by telephone in a text beside it', async () => {
    const people = [
      { name: 'bob', im: 'bob.im' },
      { name: 'cat', phone: '+8613800000002' },
    ];
    await send(robot, message({ recipients: people }));
    expect(String(Object(bodyOf(0).markdown).content)).toContain('<@ann> <@bob.im>');
    expect(bodyOf(1)).toMatchObject({ msgtype: 'text', text: { mentioned_mobile_list: ['+8613800000002'] } });
  });

  test.each([
    [45009, 'retry', 60_000],
    [93000, 'refused', undefined],
  ] as const)('that answers 200 with error code %i was not delivered to (%s)', async (errcode, kind, afterMs) => {
    answer = (response) => response.end(JSON.stringify({ errcode }));
    const result = await send(robot);
    expect(result.kind).toBe(kind);
    expect('afterMs' in result ? result.afterMs : undefined).toBe(afterMs);
  });
});

describe('Feishu', () => {
  const robot = 'type: feishu, url: "BASE/open-apis/bot/v2/hook/T", secret: testsecret';

  test('is sent a card that is signed in its body', async () => {
    expect(await send(robot)).toEqual({ kind: 'delivered' });
    expect(bodyOf()).toMatchObject({
      timestamp: '1700000000',
      sign: 'AOc8oJ7//5OlQlfWC3nRL0R+IkuzcD1FKcAyibRK9Q8=',
      msg_type: 'interactive',
      card: { header: { title: { content: '[P1][PROBLEM] cpu high' }, template: 'red' } },
    });
    expect(requests[0]?.body).not.toContain('<@all>');
  });

  test.each([
    ['{"code":19021,"msg":"sign match fail"}', 200, 'refused'],
    ['{"code":11232,"msg":"frequency limited"}', 200, 'retry'],
    ['{"code":9499,"msg":"Bad Request"}', 400, 'refused'],
    ['{"StatusCode":0,"StatusMessage":"success"}', 200, 'delivered'],
    ['<html>', 502, 'retry'],
    ['', 200, 'retry'],
  ] as const)('that answers %s with %i: %s', async (body, status, kind) => {
    answer = (response) => response.writeHead(status).end(body);
    expect((await send(robot)).kind).toBe(kind);
  });
});

describe('Slack', () => {
  const hook = 'type: slack, url: "BASE/services/T/B/X", mention: [here]';

  test('is sent an attachment whose text can be neither link nor mention', async () => {
    answer = (response) => response.end('ok');
    expect(await send(hook)).toEqual({ kind: 'delivered' });
    expect(bodyOf()).toMatchObject({
      text: '<!here>',
      attachments: [{ color: 'danger', title: '[P1][PROBLEM] cpu high' }],
    });
    expect(requests[0]?.body).toContain('CPU of &lt;@all&gt;');
  });

  test('is given the time that it asks for', async () => {
    answer = (response) => response.writeHead(429, { 'Retry-After': '30' }).end('rate_limited');
    expect(await send(hook)).toMatchObject({ kind: 'retry', afterMs: 30_000 });
  });

  test.each([
    [404, 'no_service', 'refused'],
    [200, 'invalid_token', 'retry'],
    [500, 'rollup_error', 'retry'],
  ] as const)('that answers %i %s: %s', async (status, body, kind) => {
    answer = (response) => response.writeHead(status).end(body);
    expect((await send(hook)).kind).toBe(kind);
  });
});

describe('Telegram', () => {
  const bot = 'type: telegram, url: "BASE", token: "123:ABC", chat_id: "-100"';

  test('is sent HTML with the names escaped', async () => {
    expect(await send(bot)).toEqual({ kind: 'delivered' });
    expect(requests[0]?.path).toBe('/bot123:ABC/sendMessage');
    expect(bodyOf()).toMatchObject({ chat_id: '-100', parse_mode: 'HTML' });
    expect(bodyOf().text).toContain('CPU of &lt;@all&gt;');
  });

  test('names the time to wait inside its answer', async () => {
    answer = (response) => response.writeHead(429).end('{"ok":false,"error_code":429,"parameters":{"retry_after":17}}');
    expect(await send(bot)).toMatchObject({ kind: 'retry', afterMs: 17_000 });
    answer = (response) => response.writeHead(400).end('{"ok":false,"error_code":400}');
    expect((await send(bot)).kind).toBe('refused');
  });
});

test('Teams hides an error inside a 200, which is read', async () => {
  answer = (response) =>
    response.end('Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429');
  expect((await send('type: teams, url: "BASE/w"')).kind).toBe('retry');
  answer = (response) => response.writeHead(202).end();
  expect(await send('type: teams, url: "BASE/w"')).toEqual({ kind: 'delivered' });
  expect(bodyOf(1)).toMatchObject({ attachments: [{ content: { type: 'AdaptiveCard', version: '1.4' } }] });
});

test('PagerDuty opens and closes one incident for all events of an alert', async () => {
  answer = (response) => response.writeHead(202).end('{"status":"success"}');
  const pager = 'type: pagerduty, url: "BASE/v2/enqueue", routing_key: R';
  await send(pager);
  await send(pager, message({ status: 'OK', events: [{ ...event, status: 'OK' }] }));
  expect(bodyOf(0)).toMatchObject({
    routing_key: 'R',
    event_action: 'trigger',
    dedup_key: 's_high_1',
    payload: { source: 'node1/web.1', severity: 'critical', timestamp: '2023-11-14T22:13:22.000Z' },
  });
  expect(bodyOf(1)).toMatchObject({ event_action: 'resolve', dedup_key: 's_high_1' });
});

describe("Open-Falcon's gateways", () => {
  const people = [
    { name: 'ann', phone: '138', email: 'ann@example.org', im: 'ann' },
    { name: 'bob', phone: '139' },
  ];

  test('are sent the form of an SMS, its text as the alarm writes it', async () => {
    await send('type: falcon-sms, url: "BASE/sms", time_zone: Asia/Shanghai', message({ recipients: people }));
    expect(requests[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(formOf()).toEqual({
      tos: '138,139',
      content:
        '[P1][PROBLEM][node1/web.1][][CPU of <@all> is [high](http://evil.example) all(#3) cpu.busy az=a,core=3 93.2>80]' +
        '[O2 2023-11-15 06:13:22]',
    });
  });

  test('are sent the forms of instant messages and mail', async () => {
    await send('type: falcon-im, url: "BASE/im", to: [room]', message({ recipients: people }));
    expect(formOf()).toMatchObject({ tos: 'room,ann' });
    await send('type: falcon-mail, url: "BASE/mail"', message({ recipients: people }));
    expect(formOf(1)).toMatchObject({
      tos: 'ann@example.org',
      subject: expect.stringMatching(/^\[P1\]\[PROBLEM\]/),
      content: expect.stringMatching(
        /^PROBLEM\r\nP1\r\nEndpoint:node1\/web\.1\r\nMetric:cpu\.busy\r\nTags:az=a,core=3\r\n/,
      ),
    });
  });

  test('are not called for nobody', async () => {
    expect((await send('type: falcon-sms, url: "BASE/sms"')).kind).toBe('refused');
    expect(requests).toEqual([]);
  });

  test('are called back with what happened, authenticated and with a key', async () => {
    await send('type: falcon-callback, url: "BASE/scale?app=web", secret: s, bearer: t, time_zone: Asia/Shanghai');
    const [request] = requests;
    expect(request?.method).toBe('GET');
    expect(request?.path).toBe(
      '/scale?app=web&endpoint=node1%2Fweb.1&metric=cpu.busy&status=PROBLEM&step=2&priority=1' +
        '&time=2023-11-15+06%3A13%3A22&tpl_id=0&exp_id=0&stra_id=0&left_value=93.2&tags=az%3Aa%2Ccore%3A3',
    );
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer t',
      'idempotency-key': event.key,
      'x-saker-timestamp': '1700000000',
      'x-saker-signature': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });
});

describe('a webhook', () => {
  test('is signed as Standard Webhooks are', async () => {
    await send('type: webhook, url: "BASE/h", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    expect(requests[0]?.headers).toMatchObject({
      'webhook-id': event.key,
      'webhook-timestamp': '1700000000',
      'webhook-signature': expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
    });
  });

  test("may have Alertmanager's body", async () => {
    await send('type: webhook, url: "BASE/h", format: alertmanager');
    expect(bodyOf()).toMatchObject({
      version: '4',
      status: 'firing',
      receiver: 'c',
      truncatedAlerts: 0,
      groupLabels: { alertname: 'cpu high' },
      externalURL: 'https://saker.example.org',
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'cpu high', endpoint: 'node1/web.1', severity: 'critical', core: '3' },
          startsAt: '2023-11-14T22:13:20.000Z',
          endsAt: '0001-01-01T00:00:00Z',
          fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
        },
      ],
    });
  });

  test('may have a body of its own, whose quotes no name can break', async () => {
    const quoting = message({ title: 'a "quoted" \\ title' });
    await send(
      'type: webhook, url: "BASE/h", body: { say: "{title}!", level: "{priority}", more: ["{tags.core}", 7, true] }',
      quoting,
    );
    expect(bodyOf()).toEqual({ say: 'a "quoted" \\ title!', level: 1, more: ['3', 7, true] });
  });
});

describe('SMS', () => {
  const people = [
    { name: 'ann', phone: '13800000001' },
    { name: 'bob', phone: '13800000002' },
  ];

  test('through Alibaba Cloud is a signed form that names the numbers and fills a template in', async () => {
    answer = (response) => response.end('{"Code":"OK","BizId":"1"}');
    const sms =
      'type: aliyun-sms, url: "BASE/", access_key_id: id, access_key_secret: s, sign_name: 测试, template_code: SMS_1,' +
      ' parameters: { what: "{title}", where: "{endpoint}" }';
    expect(await send(sms, message({ recipients: people }))).toEqual({ kind: 'delivered' });
    expect(formOf()).toMatchObject({
      Action: 'SendSms',
      PhoneNumbers: '13800000001,13800000002',
      TemplateParam: '{"what":"[P1][PROBLEM] cpu high","where":"node1/web.1"}',
      Signature: expect.stringMatching(/=$/),
      Timestamp: '2023-11-14T22:13:20Z',
    });
    answer = (response) => response.end('{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"m"}');
    expect(await send(sms, message({ recipients: people }))).toMatchObject({ kind: 'retry', afterMs: 60_000 });
    answer = (response) => response.writeHead(400).end('{"Code":"SignatureDoesNotMatch"}');
    expect((await send(sms, message({ recipients: people }))).kind).toBe('refused');
  });

  test('through Tencent Cloud has its errors inside a 200', async () => {
    const sms =
      'type: tencent-sms, url: "BASE/", secret_id: i, secret_key: k, app_id: "1", sign_name: s, template_id: "2"';
    answer = (response) => response.end('{"Response":{"SendStatusSet":[{"Code":"Ok"}],"RequestId":"r"}}');
    expect(await send(sms, message({ recipients: people }))).toEqual({ kind: 'delivered' });
    expect(bodyOf()).toMatchObject({ PhoneNumberSet: ['13800000001', '13800000002'], TemplateId: '2' });
    expect(requests[0]?.headers.authorization).toMatch(/^TC3-HMAC-SHA256 Credential=i\/2023-11-14\/sms\/tc3_request, /);
    answer = (response) => response.end('{"Response":{"Error":{"Code":"AuthFailure.SignatureFailure"}}}');
    expect((await send(sms, message({ recipients: people }))).kind).toBe('refused');
  });

  test('to more people than one request takes is several, and nobody is left out', async () => {
    const sms =
      'type: tencent-sms, url: "BASE/", secret_id: i, secret_key: k, app_id: "1", sign_name: s, template_id: "2"';
    answer = (response) => response.end('{"Response":{"SendStatusSet":[{"Code":"Ok"}],"RequestId":"r"}}');
    const many = Array.from({ length: 450 }, (_, index) => ({ name: `p${index}`, phone: `138${10_000_000 + index}` }));
    expect(await send(sms, message({ recipients: many }))).toEqual({ kind: 'delivered' });
    const told = requests.map(({ body }) => JSON.parse(body).PhoneNumberSet);
    expect(told.map((phones) => phones.length)).toEqual([200, 200, 50]);
    expect(new Set(told.flat()).size).toBe(450);
  });

  test('through Twilio is one request a number, and goes on where it stopped', async () => {
    const sms = 'type: twilio-sms, url: "BASE", account_sid: AC1, auth_token: t, from: "+15550000000"';
    answer = (response) =>
      requests.length === 2 ? response.writeHead(429).end('{"code":20429}') : response.writeHead(201).end('{}');
    expect(await send(sms, message({ recipients: people }))).toMatchObject({ kind: 'retry', partsSent: 1 });
    expect(await send(sms, message({ recipients: people }), 1)).toEqual({ kind: 'delivered' });
    expect(requests.map((_, index) => formOf(index).To)).toEqual(['13800000001', '13800000002', '13800000002']);
    expect(requests[0]?.path).toBe('/2010-04-01/Accounts/AC1/Messages.json');
    answer = (response) => response.writeHead(401).end('{"code":20003}');
    expect((await send(sms, message({ recipients: people }))).kind).toBe('refused');
  });
});

describe('any receiver', () => {
  const robot = 'type: dingtalk, url: "BASE/r"';

  test('that answers 500, hangs up, or redirects inside is tried again', async () => {
    answer = (response) => response.writeHead(500).end('{"errcode":0}');
    expect((await send(robot)).kind).toBe('retry');
    answer = (response) => response.destroy();
    expect((await send(robot)).kind).toBe('retry');
    answer = (response) => response.writeHead(302, { Location: 'http://169.254.169.254/' }).end();
    expect(await send(robot)).toMatchObject({ kind: 'retry', reason: expect.stringContaining('not followed') });
    expect(requests).toHaveLength(3);
  });

  test('that hangs, or drips its verdict, is given ten seconds', async () => {
    const drip: Answer = (response) => void response.writeHead(200).write('{"errcode"');
    for (const slow of [() => {}, drip]) {
      answer = slow;
      const before = requests.length;
      const result = send(robot);
      while (requests.length === before) await new Promise((resolve) => systemClock.after(1, () => resolve(null)));
      await new Promise((resolve) => systemClock.after(20, () => resolve(null)));
      await clock.advance(10_000);
      expect(await result).toMatchObject({
        kind: 'retry',
        reason: expect.stringContaining('did not answer within 10 s'),
      });
    }
  });
});
