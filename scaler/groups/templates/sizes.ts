/** Named resource templates. Half cores by quota, memory hard, swap off; a group or the file may name its own. */
export const sizes: Readonly<
  Record<string, { readonly cpus: number; readonly memory: string; readonly pids: number }>
> = {
  'ultra-micro': { cpus: 0.5, memory: '256MiB', pids: 256 },
  micro: { cpus: 0.5, memory: '512MiB', pids: 512 },
  small: { cpus: 1, memory: '2GiB', pids: 1024 },
  medium: { cpus: 2, memory: '4GiB', pids: 2048 },
  large: { cpus: 4, memory: '8GiB', pids: 4096 },
};
