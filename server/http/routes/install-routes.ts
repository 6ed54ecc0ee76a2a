import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { AppError } from '../../../core/index.ts';
import type { HttpServer } from '../server.ts';

/** What a host needs to become one that is watched. Nothing in it is secret, so nobody has to sign in. */
const files = {
  'install.sh': 'text/x-shellscript; charset=utf-8',
  'saker.mjs': 'text/javascript; charset=utf-8',
  'saker.mjs.sha256': 'text/plain; charset=utf-8',
  'saker-collector.service': 'text/plain; charset=utf-8',
  Dockerfile: 'text/plain; charset=utf-8',
} as const;
type FileName = keyof typeof files;

const fileNameSchema = Type.Union(Object.keys(files).map((name) => Type.Literal(name as FileName)));

/** Serves the collector's bundle and what installs it, from the folder that `npm run build` fills. */
export function installRoutes(app: HttpServer, directory: string): void {
  app.get(
    '/install/:file',
    {
      config: { access: 'public' },
      schema: {
        summary: 'The collector’s bundle, its checksum, and the script that installs it',
        description: 'docs/collector/install.md',
        tags: ['install'],
        params: Type.Object({ file: fileNameSchema }, { additionalProperties: false }),
      },
    },
    async (request, reply) => {
      const { file } = request.params;
      const path = join(directory, file);
      const found = await stat(path).catch(() => null);
      if (found === null) {
        throw new AppError('NOT_FOUND', 'this server was built without the collector’s bundle', {
          where: file,
          hint: 'build it with npm run build',
        });
      }
      return reply
        .type(files[file])
        .header('content-length', found.size)
        .header('cache-control', 'no-cache')
        .send(createReadStream(path));
    },
  );
}
