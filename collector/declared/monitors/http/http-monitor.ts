import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type PeerCertificate, TLSSocket } from 'node:tls';
import { type Clock, type HttpMonitor as Definition, describeError, type Tags } from '../../../../core/index.ts';
import { compileExpression, type Expression } from '../expression.ts';
import { type Checked, type Monitor, reading } from '../monitor.ts';

/** An expression looks at this much of a body; the rest is not read. */
const BODY_BYTES_MAX = 256 * 1024;
const DAY_MS = 86_400_000;

type Answer = {
  readonly status: number;
  /** Empty unless an expression looks at it. */
  readonly body: string;
  readonly certificate: Certificate | null;
};
type Certificate = { readonly daysLeft: number; readonly fault: string | null };

export type HttpMonitorOptions = { readonly clock: Clock; readonly version: string };

/** Whether an address answers as it should, how fast, and for how long its certificate holds. */
export class HttpMonitor implements Monitor {
  readonly #definition: Definition;
  readonly #options: HttpMonitorOptions;
  #expression: Expression | null = null;

  constructor(definition: Definition, options: HttpMonitorOptions) {
    this.#definition = definition;
    this.#options = options;
  }

  async check(signal: AbortSignal): Promise<Checked> {
    const { body, url } = this.#definition;
    if (body !== null) this.#expression ??= await compileExpression(body, 'body');
    // A comma would end the tag where series are written down, as the collector's register has it.
    const tags: Tags = { url: url.replace(/[,=]/g, '_').slice(0, 255), ...this.#definition.tags };
    const { clock } = this.#options;
    const startedAtMs = clock.monotonicMs();
    let answer: Answer;
    try {
      answer = await this.#ask(signal);
    } catch (error) {
      return { readings: [reading('url.check.health', tags, 0)], problem: `no answer: ${describeError(error)}` };
    }
    const isMatch = this.#expression === null ? null : this.#expression.test(answer.body);
    const problem = this.#faultOf(answer, isMatch);
    const readings = [
      reading('url.check.health', tags, problem === null ? 1 : 0),
      reading('url.check.status', tags, answer.status),
      reading('url.check.ms', tags, clock.monotonicMs() - startedAtMs),
    ];
    if (isMatch !== null) readings.push(reading('url.check.body.match', tags, isMatch ? 1 : 0));
    if (answer.certificate !== null) {
      readings.push(reading('url.check.certificate.days', tags, answer.certificate.daysLeft));
    }
    return { readings, problem };
  }

  close(): void {}

  #faultOf({ status, certificate }: Answer, isMatch: boolean | null): string | null {
    const { statusMin, statusMax, verifyCertificate } = this.#definition;
    if (verifyCertificate && certificate !== null && certificate.fault !== null) {
      return `the certificate is refused: ${certificate.fault}`;
    }
    if (status < statusMin || status > statusMax) {
      return `status ${status}, not ${statusMin}${statusMax === statusMin ? '' : ` to ${statusMax}`}`;
    }
    return isMatch === false ? 'the body does not match its expression' : null;
  }

  #ask(signal: AbortSignal): Promise<Answer> {
    const { url, method, timeoutMs } = this.#definition;
    const { clock, version } = this.#options;
    const start = url.startsWith('https:') ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const outgoing = start(url, {
        method,
        signal,
        agent: false,
        // Looked at below: a bad certificate is an answer with a name, not a broken connection.
        rejectUnauthorized: false,
        headers: { 'user-agent': `saker/${version}`, accept: '*/*' },
      });
      const cancel = clock.after(timeoutMs, () => outgoing.destroy(new Error(`none within ${timeoutMs} ms`)));
      outgoing.once('response', (incoming) => {
        this.#read(incoming)
          .then(resolve, reject)
          .finally(() => outgoing.destroy());
      });
      outgoing.on('error', reject);
      outgoing.once('close', cancel);
      outgoing.end();
    });
  }

  async #read(incoming: IncomingMessage): Promise<Answer> {
    const certificate = incoming.socket instanceof TLSSocket ? this.#certificateOf(incoming.socket) : null;
    const chunks: Buffer[] = [];
    let length = 0;
    if (this.#expression !== null) {
      for await (const chunk of incoming) {
        const bytes = Buffer.from(chunk);
        chunks.push(bytes);
        length += bytes.length;
        if (length >= BODY_BYTES_MAX) break;
      }
    }
    const body = Buffer.concat(chunks).toString('utf8', 0, BODY_BYTES_MAX);
    return { status: incoming.statusCode ?? 0, body, certificate };
  }

  #certificateOf(socket: TLSSocket): Certificate {
    const peer: Partial<PeerCertificate> = socket.getPeerCertificate();
    const endsAtMs = Date.parse(peer.valid_to ?? '');
    const fault = socket.authorized ? null : String(socket.authorizationError);
    return { daysLeft: (endsAtMs - this.#options.clock.nowMs()) / DAY_MS, fault };
  }
}
