/** Who can tell of containers, and whether the time is right. */
import { request } from 'node:http';
import { type Check, note, ok, problem, skipped, type Verdict, warning } from '../check.ts';
import { isThere, type Machine } from './machine.ts';

const ANSWER_MS_MAX = 3000;

export type EngineSockets = { readonly docker: string | null; readonly podman: string | null };

export function engineChecks(machine: Machine, sockets: EngineSockets): readonly Check[] {
  return [
    {
      id: 'host.docker',
      title: 'Docker',
      why: 'Its socket tells names, labels and health of containers; without it they are called by their ids.',
      look: () => lookAtSocket(sockets.docker, 'Docker'),
    },
    {
      id: 'host.podman',
      title: 'Podman',
      why: 'Its socket tells images and labels of its containers; their names are known without.',
      look: () => lookAtSocket(sockets.podman, 'Podman'),
    },
    {
      id: 'host.clock',
      title: 'clock',
      why: 'Samples carry the time of this host: one that is wrong shows them in the past or drops them.',
      look: () => lookAtClock(machine),
    },
  ];
}

async function lookAtSocket(path: string | null, engine: string): Promise<Verdict> {
  if (path === null) return skipped('not asked');
  if (!(await isThere(path))) return skipped(`${path} is not there`);
  try {
    const version = await versionOf(path);
    return ok(`answers at ${path}${version === null ? '' : `, version ${version}`}`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EACCES' || code === 'EPERM') {
      return warning(
        `this user may not read ${path}`,
        `usermod -aG $(stat -c %G ${path}) $USER (it is as good as root), or do without names`,
      );
    }
    if (code === 'ECONNREFUSED')
      return problem(`nobody listens at ${path}`, `systemctl restart ${engine.toLowerCase()}`);
    return problem(
      `does not answer at ${path}: ${error instanceof Error ? error.message : code}`,
      `journalctl -u ${engine.toLowerCase()} -n 50`,
    );
  }
}

function versionOf(socketPath: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const options = { socketPath, path: '/version', host: 'docker', agent: false as const, timeout: ANSWER_MS_MAX };
    const asked = request(options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text = (text + part).slice(0, 65_536);
      });
      answer.on('end', () =>
        resolve(/"Version"\s*:\s*"([^"]{1,64})"/.exec(text.slice(text.lastIndexOf('}],')))?.[1] ?? null),
      );
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${ANSWER_MS_MAX / 1000} s`)));
    asked.on('error', reject);
    asked.end();
  });
}

/** Who keeps the clock leaves a mark below /run; the kernel's own word needs a system call that Node does not have. */
async function lookAtClock({ runRoot }: Machine): Promise<Verdict> {
  if (await isThere(`${runRoot}/systemd/timesync/synchronized`)) return ok('kept by systemd-timesyncd');
  const keepers = {
    'chrony/chronyd.pid': 'chronyd',
    'chronyd.pid': 'chronyd',
    'ntpd.pid': 'ntpd',
    'ntpsec/ntpd.pid': 'ntpd',
  };
  for (const [file, keeper] of Object.entries(keepers)) {
    if (await isThere(`${runRoot}/${file}`)) return ok(`kept by ${keeper}`);
  }
  return note('nothing is seen that keeps it; --server compares it', 'timedatectl set-ntp true, or install chrony');
}
