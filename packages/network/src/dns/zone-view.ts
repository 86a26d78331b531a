/** A port by its name: `_NAME._PROTOCOL`. */
export interface ZonePort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}

export interface ZoneEndpoint {
  /** Its host name, or its address with dashes. */
  readonly host: string;
  readonly ip: string;
  readonly ports: readonly ZonePort[];
}

export interface ZoneService {
  /** Empty: headless. */
  readonly clusterIps: readonly string[];
  readonly externalName: string | undefined;
  readonly ports: readonly ZonePort[];
  /** Those that are ready. */
  readonly endpoints: readonly ZoneEndpoint[];
}

/** What cluster DNS knows of a cluster. Names are lower case. Reading is cheap and never blocks. */
export interface ZoneView {
  hasNamespace(namespace: string): boolean;
  service(namespace: string, name: string): ZoneService | undefined;
  /** The names of an address, without `.svc.ZONE`: of Services (`NAME.NAMESPACE`) and endpoints (`HOST.NAME.NAMESPACE`). */
  namesOf(ip: string): readonly string[];
}
