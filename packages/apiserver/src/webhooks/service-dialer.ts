/** Where a connection goes. */
export interface Destination {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
}

/**
 * The way from this process to what a cluster's objects name. It decides where connections may go: objects are
 * written by tenants. Both reject with an Error whose message tells a user why there is no way.
 */
export interface ServiceDialer {
  /** One of the ready endpoints of a Service's port, another one each time. */
  service(namespace: string, name: string, port: number): Promise<Destination>;
  /** A host of a URL: only hosts that an administrator allowed, never this machine. */
  host(host: string, port: number): Promise<Destination>;
}

/** Of a control plane that was given no way out. */
export const noDialer: ServiceDialer = {
  service: async (namespace, name) => {
    throw new Error(`this server has no way to service "${name}" in namespace "${namespace}"`);
  },
  host: async (host) => {
    throw new Error(`this server has no way to host "${host}"`);
  },
};
