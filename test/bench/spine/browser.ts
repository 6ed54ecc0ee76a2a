import { chromium } from 'playwright-core';
import { chromiumArgs, chromiumPath } from '../../harness/browser.ts';
import type { Console } from '../../harness/console.ts';
import { type Figures, median, percentile } from '../figures.ts';

/** From the second that a tick stands for until the first chart of a page has drawn it. */
export async function measureBrowser(
  person: Console,
  endpoint: string,
  figures: Figures,
  seconds: number,
): Promise<void> {
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...chromiumArgs] });
  try {
    const context = await browser.newContext();
    const [name = '', value = ''] = person.cookie.split('=');
    await context.addCookies([{ name, value, url: person.url }]);
    const page = await context.newPage();
    await page.goto(`${person.url}/endpoint/${encodeURIComponent(endpoint)}?range=1m`);
    await page.locator('[data-newest-second]').first().waitFor();
    const delaysMs = await page.evaluate<number[]>(watchChart(seconds));
    figures.emit('spine.browser_p50_ms', median(delaysMs), 'ms');
    figures.emit('spine.browser_p99_ms', percentile(delaysMs, 0.99), 'ms');
  } finally {
    await browser.close();
  }
}

/** Runs in the page: how late each new second was on the chart when it had been drawn. */
const watchChart = (seconds: number): string => `new Promise((resolve) => {
  const chart = document.querySelector('[data-newest-second]');
  const delaysMs = [];
  const observer = new MutationObserver(() => {
    const second = Number(chart.getAttribute('data-newest-second'));
    // After the next frame the pixels are there.
    requestAnimationFrame(() => delaysMs.push(Date.now() - second * 1000));
    if (delaysMs.length < ${seconds}) return;
    observer.disconnect();
    resolve(delaysMs.slice(2));
  });
  observer.observe(chart, { attributes: true, attributeFilter: ['data-newest-second'] });
})`;
