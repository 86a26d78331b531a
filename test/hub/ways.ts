/** How a registry is reached: what programs are told of it. */
export interface Way {
  readonly host: string;
  /** For skopeo and buildah. */
  readonly trust: readonly string[];
  readonly ctr: readonly string[];
}

/** What says who is there: a name and password, or what programs keep of a login. */
export interface Login {
  readonly creds: string;
  readonly refresh: string;
}
