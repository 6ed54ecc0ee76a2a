/**
 * The way out for mail: SMTP through nodemailer, under the guards of `post.ts`. The server's name is resolved and
 * checked here and the connection made to the address that was checked; the certificate is still the name's.
 */
import { isIP } from 'node:net';
import { createTransport } from 'nodemailer';
import { AppError } from '../../../../core/index.ts';
import { DEADLINE_MS, wordsFor } from './post.ts';
import { type ResolveName, resolveGuarded, systemResolve } from './resolve.ts';

export type MailServer = {
  readonly host: string;
  readonly port: number;
  /** `tls` from the first byte (465), `starttls` required (587), or `none`. */
  readonly security: 'tls' | 'starttls' | 'none';
  readonly user?: string;
  readonly password?: string;
  readonly allowInternal: boolean;
  /** PEM of an authority of the house; the system's otherwise. */
  readonly authority?: string;
};

export type Mail = {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly image?: { readonly contentId: string; readonly png: Uint8Array };
};

export type MailOutcome = { readonly rejected: readonly string[] };

/** Rejects with the library's error (it has `responseCode` where the server answered) or with `DELIVERY_FAILED`. */
export type Mailer = { send(server: MailServer, mail: Mail): Promise<MailOutcome> };

export function createMailer({ resolveName = systemResolve }: { readonly resolveName?: ResolveName } = {}): Mailer {
  return {
    async send(server, mail) {
      const transport = createTransport({
        host: await addressOf(server, resolveName),
        port: server.port,
        secure: server.security === 'tls',
        requireTLS: server.security === 'starttls',
        ignoreTLS: server.security === 'none',
        connectionTimeout: DEADLINE_MS,
        greetingTimeout: DEADLINE_MS,
        socketTimeout: DEADLINE_MS,
        ...(server.user === undefined ? {} : { auth: { user: server.user, pass: server.password ?? '' } }),
        tls: {
          ...(isIP(server.host) === 0 ? { servername: server.host } : {}),
          ...(server.authority === undefined ? {} : { ca: server.authority }),
        },
        // A message is built of text that strangers wrote: nothing in it is a file or an address to fetch.
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      try {
        const { image, to, headers, ...rest } = mail;
        const sent = await transport.sendMail({ ...rest, to: [...to], headers: { ...headers }, ...attachment(image) });
        return { rejected: sent.rejected.map(String) };
      } finally {
        transport.close();
      }
    },
  };
}

function attachment(image: Mail['image']): object {
  if (image === undefined) return {};
  const { contentId, png } = image;
  return { attachments: [{ filename: 'chart.png', content: Buffer.from(png), cid: contentId }] };
}

function addressOf({ host, port, allowInternal }: MailServer, resolveName: ResolveName): Promise<string> {
  const shown = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    resolveGuarded({ host: shown, hostname: host, allowInternal, resolveName }, (error, addresses) => {
      const first = addresses[0];
      if (error instanceof AppError) return reject(error);
      if (error || first === undefined) {
        const words = error === null ? `the name ${shown} has no address` : wordsFor(shown, error);
        return reject(new AppError('DELIVERY_FAILED', words, { cause: error }));
      }
      resolve(first.address);
    });
  });
}
