/** Where a proxied page is seen, and what it believes to be its own place. */
export interface ProxiedPlace {
  /** The path of the proxy, to which the page's own paths are added; without a slash at its end. */
  readonly prefix: string;
  /** `Host` as the page's server was told: an address and a port. */
  readonly host: string;
  /** `Host` as the client sent it. */
  readonly clientHost: string;
}

/**
 * A URL of a proxied page so that it leads through the proxy again. Relative ones do by themselves, those of other hosts
 * stay (kubernetes apimachinery pkg/util/proxy, Transport).
 */
export function rewriteUrl(url: string, { prefix, host, clientHost }: ProxiedPlace): string {
  const [, scheme = '', authority = '', path = url] = /^(https?:)?\/\/([^/?#]*)(.*)$/is.exec(url) ?? [];
  if (authority !== '' && authority !== host && authority !== clientHost) return url;
  if (!path.startsWith('/') || path.startsWith('//')) return url;
  const through = path === prefix || path.startsWith(`${prefix}/`) ? path : prefix + path;
  return authority === clientHost && authority !== '' ? `${scheme}//${authority}${through}` : through;
}
