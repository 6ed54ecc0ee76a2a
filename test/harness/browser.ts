/** Debian's Chromium without anything that would reach beyond loopback. */
export const chromiumArgs: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** For `describe.skipIf(!hasBrowser)`. */
export const hasBrowser = process.env.SAKER_TEST_CHROMIUM !== undefined;

export const chromiumPath = (): string => process.env.SAKER_TEST_CHROMIUM ?? '/usr/bin/chromium';
