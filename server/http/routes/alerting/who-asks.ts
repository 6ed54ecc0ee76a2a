/** Whoever has no name of their own goes by that of their token. */
export const whoAsks = ({ user, tokenId }: { readonly user: string | null; readonly tokenId: string | null }): string =>
  user ?? `token ${tokenId ?? 'unknown'}`;
