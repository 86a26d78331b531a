/** How to reach a Kubernetes API server, and as whom. */
export interface Connection {
  /** `https://HOST:PORT` with an optional path before `/api`. `http:` is for tests on loopback. */
  readonly url: string;
  /** PEM of the authority of the server's certificate; absent: the machine's authorities. */
  readonly ca?: string;
  /** PEM of the client's certificate and key. */
  readonly cert?: string;
  readonly key?: string;
  /** A bearer token, or what gives the present one (tokens in files are renewed by others). */
  readonly token?: string | (() => string);
  readonly username?: string;
  readonly password?: string;
  /** The name the server's certificate must have, when it is not the URL's host. */
  readonly serverName?: string;
  /** Do not check the server's certificate. */
  readonly insecure?: boolean;
  /** Act as somebody else (impersonation). */
  readonly asUser?: string;
  readonly asGroups?: readonly string[];
}
