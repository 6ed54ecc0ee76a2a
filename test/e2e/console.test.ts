import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasDocker, type TestDocker, testDocker } from '../docker/engine.ts';
import {
  groupsText,
  type Receiver,
  removeGroup,
  rulesText,
  startLoad,
  startReceiver,
  untilInstances,
} from '../harness/acting.ts';
import { chromiumArgs, chromiumPath, hasBrowser } from '../harness/browser.ts';
import { Saker } from '../harness/saker.ts';
import { until } from '../harness/waiting.ts';

/** Screenshots for people to look at; README shows one of them. */
const screens = '.artifacts/screens';

const markup = '<img src=x onerror="window.__x=1">';

/** Serves files, and computes in bursts. */
const work =
  'httpd -p 8080 -h /bin; n=0; while :; do n=$((n+1)); i=0; while [ $i -lt $((n % 7 * 20000)) ]; do i=$((i+1)); done; sleep 0.4; done';
const fetching = (address: string): string =>
  `while :; do wget -q -O /dev/null http://${address}:8080/busybox; sleep 0.7; done`;

/** What Docker Compose writes on a container: its endpoint is `host-1/shop.<service>.1`. */
const composeLabels = (service: string) => ({
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': service,
  'com.docker.compose.container-number': '1',
});

describe.skipIf(!(hasDocker && hasBrowser))('the console', () => {
  let docker: TestDocker;
  let saker: Saker;
  let receiver: Receiver;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let folder = '';
  let group = '';
  const complaints: string[] = [];

  beforeAll(async () => {
    docker = testDocker();
    group = docker.name('shop');
    receiver = await startReceiver();
    folder = await mkdtemp(join(tmpdir(), 'saker-e2e-'));
    await mkdir(screens, { recursive: true });
    const [rules, groups] = [join(folder, 'rules.yaml'), join(folder, 'groups.yaml')];
    await writeFile(rules, rulesText(receiver.url, group));
    await writeFile(groups, groupsText([{ name: group, image: docker.image, labels: docker.labels }]));
    const api = await docker.start({
      command: ['sh', '-c', work],
      labels: composeLabels('api'),
      args: ['--cpus=0.5', '--memory=64m'],
    });
    const address = await docker.docker('inspect', '--format', '{{.NetworkSettings.IPAddress}}', api);
    await docker.start({
      command: ['sh', '-c', fetching(address)],
      labels: composeLabels('client'),
      args: ['--cpus=0.2', '--memory=32m'],
    });
    await docker.start({
      name: 'hostile',
      command: ['sleep', '600'],
      labels: { 'saker.service': markup, 'saker.slot': '1' },
    });
    await docker.start({
      name: 'greedy',
      command: ['sh', '-c', 'tail /dev/zero; sleep 600'],
      labels: { 'saker.service': 'greedy', 'saker.slot': '1' },
      args: ['--memory=16m', '--memory-swap=16m'],
    });
    saker = await Saker.start({
      flags: ['--rules', rules, '--groups', groups, '--docker-socket', docker.socket, '--name', 'host-1'],
    });
    await untilInstances(docker, group, 1);
    browser = await chromium.launch({ executablePath: chromiumPath(), args: [...chromiumArgs] });
    context = await browser.newContext({ viewport: { width: 1360, height: 900 } });
    page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await saker?.stop();
    receiver?.close();
    await removeGroup(docker, group);
    await docker.removeAll();
    await rm(folder, { recursive: true, force: true });
  });

  const shot = (name: string) => page.screenshot({ path: join(screens, `${name}.png`) });
  const open = (path: string) => page.goto(`${saker.url}${path}`);
  const newestSecond = async () => Number(await page.getByTestId('chart').first().getAttribute('data-newest-second'));

  test('lets in whoever has the code from the terminal, and no one else', async () => {
    await open('/alerts');
    await page.getByLabel('One-time code').fill('not-the-code');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toMatch(/not valid/);
    // The refusal above is an answer of 401, which the browser reports by itself.
    complaints.length = 0;
    const code = /one-time code\s+(\S+)/.exec(saker.output)?.[1] ?? '';
    await page.getByLabel('One-time code').fill(code);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Skip for now' }).click();
    await page.getByRole('heading', { name: 'Alerts' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/alerts');
  });

  test('lists hosts and containers with what they use now', async () => {
    // Other containers of this machine may be more than a page shows at once.
    const own = Object.entries(docker.labels).map((pair) => pair.join('='));
    await open(`/?${new URLSearchParams({ q: own.join(' ') })}`);
    const busy = page.locator('[data-testid=endpoint-row][data-endpoint="host-1/shop.api.1"]');
    await busy.waitFor();
    await until('its cpu', async () =>
      /\b[1-9]\d*(\.\d+)? ?%/.test((await busy.getByTestId('cpu').textContent()) ?? ''),
    );
    expect(await page.locator('[data-testid=endpoint-row]').count()).toBeGreaterThanOrEqual(4);
    await page.waitForTimeout(3000);
    await shot('overview');
  });

  test('shows a name with markup as text', async () => {
    await page.getByText(markup, { exact: false }).first().waitFor();
    expect(await page.evaluate('window.__x')).toBeUndefined();
  });

  test('draws a container live, a second at a time, with its cores', async () => {
    await open(`/endpoint/${encodeURIComponent('host-1/shop.api.1')}?range=1m`);
    await page.getByTestId('panel-cpu').waitFor();
    await page.getByTestId('panel-cores').waitFor();
    await until('the newest second', async () => Date.now() / 1000 - (await newestSecond()) < 3);
    const seen = new Set<number>();
    await until('five seconds, one after the other', async () => seen.add(await newestSecond()).size >= 5);
    // Where the machine is busy a look comes too late for one of them.
    expect(Math.max(...seen) - Math.min(...seen)).toBeLessThanOrEqual(6);
    expect(Date.now() / 1000 - (await newestSecond())).toBeLessThan(3);
    await page.waitForTimeout(15_000);
    await shot('container-page');
    if (process.env.SAKER_UPDATE_IMAGES === '1')
      await copyFile(join(screens, 'container-page.png'), 'docs/images/container-page.png');
    for (const range of ['5m', '15m', '1h', '24h']) {
      await page.getByRole('button', { name: range, exact: true }).click();
      await until(`a chart of ${range}`, newestSecond);
    }
    expect(new URL(page.url()).searchParams.get('range')).toBe('24h');
  });

  test('tells of an OOM kill where it happened, on its host and among all hosts', async () => {
    for (const path of ['/endpoint/greedy.1', '/endpoint/host-1', '/hosts']) {
      await open(path);
      const event = page.locator('[data-testid=event][data-kind=oom_kill]').first();
      await event.waitFor();
      expect(await event.textContent()).toMatch(/The kernel killed tail \(\d+\) for want of memory/);
      if (path === '/endpoint/host-1') {
        await event.getByText('The kernel’s line').click();
        expect(await event.textContent()).toMatch(/Killed process \d+ \(tail\)/);
        expect(await event.getByRole('link', { name: 'greedy.1' }).getAttribute('href')).toBe('/endpoint/greedy.1');
      }
      await shot(`events${path.replaceAll('/', '-')}`);
    }
  });

  test('gives the command and the token that a further host needs', async () => {
    await open('/hosts');
    const panel = page.getByTestId('add-host');
    await panel.getByRole('heading', { name: 'Add a host' }).click();
    await panel.getByLabel('Name of the host').fill('web-9');
    await panel.getByRole('button', { name: 'Make a token' }).click();
    const [command, token] = [panel.locator('ol code').nth(0), panel.locator('ol code').nth(1)];
    await command.waitFor();
    const { url } = saker;
    const wanted = `curl -fsSO ${url}/install/install.sh && sudo sh install.sh --server ${url} --name web-9`;
    expect(await command.textContent()).toBe(wanted);
    expect(await token.textContent()).toMatch(/^saker_\w+_\S+$/);
    expect(await panel.textContent()).toMatch(/saker server --host 0\.0\.0\.0/);
    await shot('add-host');
  });

  test('says what the memory of a container means', async () => {
    await open('/endpoint/greedy.1');
    const verdict = page.getByTestId('memory-verdict');
    await verdict.waitFor();
    expect(await verdict.getAttribute('data-kind')).toBe('oom_killed');
    await open(`/endpoint/${encodeURIComponent('host-1/shop.api.1')}`);
    await page.locator('[data-testid=memory-verdict][data-kind=fine]').waitFor();
    await shot('memory-verdict');
  });

  test('shows the alert and who was told, the decision and why', async () => {
    const [instance] = await untilInstances(docker, group, 1);
    await startLoad(docker, instance?.id ?? '', 40);
    await untilInstances(docker, group, 2);
    await open('/alerts');
    const alert = page.getByTestId('alert').first();
    await alert.waitFor();
    expect(await alert.textContent()).toContain(`${group}.1`);
    await until('the delivery', async () => /phone/.test((await alert.textContent()) ?? ''));
    await shot('alerts');
    await open('/scaling');
    const adding = page.locator('[data-testid=decision][data-kind=add]').first();
    await adding.waitFor();
    expect(await adding.textContent()).toMatch(/above 80 for 3 seconds in a row/);
    await shot('scaling');
  });

  test('says that the link is lost, comes back by itself, and leaves no hole', async () => {
    await open(`/endpoint/host-1?range=5m`);
    const before = await until('a drawn chart', newestSecond);
    expect(complaints).toStrictEqual([]);
    process.kill((await saker.processes()).get('server') ?? 0, 'SIGKILL');
    await page.getByTestId('link-lost').waitFor();
    await shot('link-lost');
    await page.locator('[data-testid=link-state][data-state=open]').waitFor();
    await until('newer samples', async () => (await newestSecond()) > before + 3);
    complaints.length = 0;
  });

  test('reads as well on a phone, in Chinese, and in the dark', async () => {
    await page.setViewportSize({ width: 400, height: 800 });
    await open('/');
    await page.getByTestId('endpoint-row').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(400);
    await shot('overview-phone');
    await page.setViewportSize({ width: 1360, height: 900 });
    await page.getByTestId('language').click();
    expect(await page.evaluate('document.documentElement.lang')).toMatch(/^zh/);
    await page.getByTestId('theme').click();
    await page.waitForTimeout(1500);
    await shot('overview-chinese');
    await page.getByTestId('language').click();
    expect(complaints).toStrictEqual([]);
  });

  test('signs out for good', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('One-time code').waitFor();
    expect((await page.request.get(`${saker.url}/api/v1/endpoints`)).status()).toBe(401);
  });
});
