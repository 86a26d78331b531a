/** What a client logs in with. */
export type Credentials =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  /** What a token service gave instead of a password ("identity token"). */
  | { readonly kind: 'refresh-token'; readonly token: string }
  /** A token that is shown as it is. */
  | { readonly kind: 'bearer'; readonly token: string };

export const basicHeader = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
