import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { parseNotice, type ServerConfig, type ServerNotice } from '../../server/index.ts';
import type { Terminal } from '../command.ts';

/** The host's line is worth waiting for this long. */
const HOST_WAIT_MS = 6000;

type Facts = { readonly version: string; readonly config: ServerConfig; readonly expectsHost: boolean };
type Listening = Extract<ServerNotice, { kind: 'listening' }>;
type Host = Extract<ServerNotice, { kind: 'host' }>;

/** What a person sees first in the terminal: where to click, how to sign in, what was found. */
export class Welcome {
  readonly #terminal: Terminal;
  readonly #facts: Facts;
  /** Resolves when the server listens for the first time. */
  readonly listening: Promise<void>;
  #announceListening: () => void = () => {};
  #listening: Listening | null = null;
  #shown = false;

  constructor(terminal: Terminal, facts: Facts) {
    this.#terminal = terminal;
    this.#facts = facts;
    this.listening = new Promise((resolve) => {
      this.#announceListening = resolve;
    });
  }

  /** Takes a message of a process; others than the server's notices are not for people. */
  notice(message: unknown): void {
    const notice = parseNotice(message);
    if (notice?.kind === 'listening') this.#onListening(notice);
    if (notice?.kind === 'host' && this.#listening !== null) this.#show(notice);
  }

  #onListening(notice: Listening): void {
    if (this.#listening !== null) {
      this.#terminal.out(`The server is back at ${notice.url}${this.#signIn(notice, '; sign in with ')}`);
      return;
    }
    this.#listening = notice;
    this.#announceListening();
    if (!this.#facts.expectsHost) this.#show(null);
    else this.#terminal.clock.after(HOST_WAIT_MS, () => this.#show(null));
  }

  #signIn(notice: Listening, before: string): string {
    return notice.code === null ? '' : `${before}${notice.code}`;
  }

  #show(host: Host | null): void {
    const listening = this.#listening;
    if (this.#shown || listening === null || this.#terminal.signal.aborted) return;
    this.#shown = true;
    const { config, version } = this.#facts;
    const rows: [string, string][] = [
      ['Console', listening.url],
      ['Sign in', this.#signIn(listening, 'one-time code  ') || 'with your name and password'],
      ['Data', `${config.paths.directory}`],
      ...(host === null ? [] : hostRows(host, config)),
      ['Rules', fileRow(config.rulesFile, 'no alert rules yet: write', 'docs/rules.md')],
      ['Scaling', fileRow(config.groupsFile, 'no groups yet: write', 'docs/scaling.md')],
    ];
    if (listening.recoveredFrames > 0) rows.push(['Restored', `${listening.recoveredFrames} seconds from the log`]);
    const lines = rows.map(([label, text]) => `  ${label.padEnd(9)}  ${text}`);
    this.#terminal.out(`\n◆ Saker ${version}\n\n${lines.join('\n')}\n\n  Ctrl-C stops everything.\n`);
  }
}

function hostRows(
  { host, cpuCount, cgroupVersion, docker, containers }: Host,
  config: ServerConfig,
): [string, string][] {
  const cores = `${cpuCount} core${cpuCount === 1 ? '' : 's'}`;
  const found = `${containers} container${containers === 1 ? '' : 's'} running`;
  const missing =
    config.dockerSocket === null
      ? 'switched off (--docker-socket none)'
      : `no answer at ${config.dockerSocket} (absent, or not ours to open); it is noticed when it comes`;
  const engine = docker === null ? missing : `${docker}, ${found}`;
  return [
    ['Host', `${host}, ${cores}, cgroup v${cgroupVersion}`],
    ['Docker', engine],
  ];
}

function fileRow(file: string, missing: string, docs: string): string {
  const nearby = relative(process.cwd(), file);
  const shown = nearby.startsWith('..') ? file : nearby;
  return existsSync(file) ? shown : `${missing} ${shown} (${docs})`;
}
